/* SQUARED_DIFFERENCE, int8 and int16, with broadcasting. */
#ifndef EDGEKD_SQUARED_DIFFERENCE_H
#define EDGEKD_SQUARED_DIFFERENCE_H

#include "broadcast.h"

/* Operands are brought to a common scale, twice the larger one, with left_shift more bits; the square of their
 * difference is requantized once more.
 */
struct edgekd_squared_difference {
    struct edgekd_broadcast walk;
    int32_t left_shift;
    int32_t zero_point_a;
    int32_t multiplier_a;
    int32_t shift_a;
    int32_t zero_point_b;
    int32_t multiplier_b;
    int32_t shift_b;
    int32_t zero_point; /* of the output */
    int32_t multiplier;
    int32_t shift;
};

/* output may be an operand that has its shape. */
void edgekd_squared_difference_s8(const EDGEKD_FLASH struct edgekd_squared_difference *p, const int8_t *a,
                                  const int8_t *b, int8_t *output);
void edgekd_squared_difference_s16(const EDGEKD_FLASH struct edgekd_squared_difference *p, const int16_t *a,
                                   const int16_t *b, int16_t *output);

#endif
