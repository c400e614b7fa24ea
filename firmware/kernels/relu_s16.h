/* RELU, RELU6 and LEAKY_RELU of 16-bit numbers; zero points are 0. */
#ifndef EDGEKD_RELU_S16_H
#define EDGEKD_RELU_S16_H

#include "flash.h"

#include <stdint.h>

/* multiplier, shift: of numbers from 0 up; slope_multiplier, slope_shift: below 0. slope_sign: 1 or -1. */
struct edgekd_relu_s16 {
    int32_t multiplier;
    int32_t shift;
    int32_t slope_multiplier;
    int32_t slope_shift;
    int32_t slope_sign;
    int32_t highest;
};

/* `count` numbers; output may be input. */
void edgekd_relu_s16(const EDGEKD_FLASH struct edgekd_relu_s16 *p, const int16_t *input, int16_t *output,
                     int32_t count);

#endif
