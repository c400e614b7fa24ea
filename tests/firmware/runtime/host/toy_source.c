/* Samples of the board's own for the toy engine: the n-th is n everywhere in `a`, below 100, and zeros in `b`. */
#include <string.h>

#include "engine.h"
#include "source.h"

enum edgekd_source_state edgekd_source_next(bool look) {
    static uint8_t next;
    if (!look) {
        memset(edgekd_engine.inputs[0].data, next, (size_t)edgekd_engine.inputs[0].bytes);
        memset(edgekd_engine.inputs[1].data, 0, (size_t)edgekd_engine.inputs[1].bytes);
        next = (uint8_t)((next + 1u) % 100u);
    }
    return EDGEKD_SOURCE_READY;
}
