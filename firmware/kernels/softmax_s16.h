/* SOFTMAX over the last axis, 16 bits. */
#ifndef EDGEKD_SOFTMAX_S16_H
#define EDGEKD_SOFTMAX_S16_H

#include "flash.h"

#include <stdint.h>

/* exp, reciprocal: e^x for x from -10 to 0 and 1 / (1 + x) for x from 0 to 1, 512 steps with 15 fractional bits.
 * multiplier, shift: from an input below the row's largest to the 65535 places of the first.
 */
struct edgekd_softmax_s16 {
    const EDGEKD_FLASH int16_t *exp;
    const EDGEKD_FLASH int16_t *reciprocal;
    int32_t multiplier;
    int32_t shift;
    int32_t rows;
    int32_t depth;
};

/* input, output: [rows][depth]; output may be input. Output scale 2^-15, zero point 0. */
void edgekd_softmax_s16(const EDGEKD_FLASH struct edgekd_softmax_s16 *p, const int16_t *input, int16_t *output);

#endif
