/* PRELU, int8: the slope of negative inputs is a tensor of its own, with broadcasting. */
#ifndef EDGEKD_PRELU_S8_H
#define EDGEKD_PRELU_S8_H

#include "broadcast.h"

/* walk: operand a is the input, b the slopes. multiplier, shift: of inputs from the zero point up; slope_multiplier,
 * slope_shift: of input * slope below it.
 */
struct edgekd_prelu_s8 {
    struct edgekd_broadcast walk;
    int32_t input_zero_point;
    int32_t slope_zero_point;
    int32_t zero_point; /* of the output */
    int32_t multiplier;
    int32_t shift;
    int32_t slope_multiplier;
    int32_t slope_shift;
};

/* output may be input if that has its shape. */
void edgekd_prelu_s8(const EDGEKD_FLASH struct edgekd_prelu_s8 *p, const int8_t *input, const int8_t *slopes,
                     int8_t *output);

#endif
