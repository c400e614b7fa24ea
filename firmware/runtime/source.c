#include "source.h"

/* Gives way to a function of the same name elsewhere. */
__attribute__((weak)) enum edgekd_source_state edgekd_source_next(bool look) {
    (void)look;
    return EDGEKD_SOURCE_NONE;
}
