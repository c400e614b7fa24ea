/* EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL of int8, with broadcasting. */
#ifndef EDGEKD_COMPARISON_S8_H
#define EDGEKD_COMPARISON_S8_H

#include "broadcast.h"

/* Operands are compared as 2^8 (x - zero_point), requantized by multiplier and shift to one scale.
 *
 * otherwise: 0 for EQUAL and LESS, 1 for their opposites; a greater than b is b less than a.
 */
struct edgekd_comparison_s8 {
    struct edgekd_broadcast walk;
    int32_t zero_point_a;
    int32_t multiplier_a;
    int32_t shift_a;
    int32_t zero_point_b;
    int32_t multiplier_b;
    int32_t shift_b;
    int32_t otherwise;
};

/* output: 0 or 1 each; may be an operand that has its shape. */
void edgekd_equal_s8(const EDGEKD_FLASH struct edgekd_comparison_s8 *p, const int8_t *a, const int8_t *b,
                     uint8_t *output);
void edgekd_less_s8(const EDGEKD_FLASH struct edgekd_comparison_s8 *p, const int8_t *a, const int8_t *b,
                    uint8_t *output);

#endif
