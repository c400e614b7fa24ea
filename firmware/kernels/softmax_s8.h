/* SOFTMAX over the last axis, int8 in. */
#ifndef EDGEKD_SOFTMAX_S8_H
#define EDGEKD_SOFTMAX_S8_H

#include <stdint.h>

#include "flash.h"

/* exp: at [d], e^-(d * scale * beta) with 31 fractional bits, for inputs d below the row's largest. exps: how many;
 * further down it is 0.
 */
struct edgekd_softmax_s8 {
    const EDGEKD_FLASH int32_t *exp;
    int32_t exps;
    int32_t rows;
    int32_t depth; /* of a row, at most 4095: the sum has 12 integer bits */
};

/* input, output: [rows][depth]. Scale 1/256, zero point -128; output may be input. */
void edgekd_softmax_s8(const EDGEKD_FLASH struct edgekd_softmax_s8 *p, const int8_t *input, int8_t *output);

/* Scale 1/65536, zero point -32768. */
void edgekd_softmax_s8_s16(const EDGEKD_FLASH struct edgekd_softmax_s8 *p, const int8_t *input, int16_t *output);

#endif
