/* CAST: numbers as they are, without scale and zero point, in another type. */
#ifndef EDGEKD_CAST_H
#define EDGEKD_CAST_H

#include <stdint.h>

#include "flash.h"

enum edgekd_cast_type { EDGEKD_CAST_BOOL, EDGEKD_CAST_S8, EDGEKD_CAST_S16, EDGEKD_CAST_S32, EDGEKD_CAST_F32 };

struct edgekd_cast {
    int32_t from; /* of enum edgekd_cast_type, but for float */
    int32_t to;
    int32_t count;
};

/* What does not fit the smaller type wraps; to a bool, everything but 0 is 1. */
void edgekd_cast(const EDGEKD_FLASH struct edgekd_cast *p, const void *input, void *output);

#endif
