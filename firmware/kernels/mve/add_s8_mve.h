/* ADD and SUB of two tensors of one shape, int8, MVE. */
#ifndef EDGEKD_ADD_S8_MVE_H
#define EDGEKD_ADD_S8_MVE_H

#include <stdint.h>

/* As add_s8.h has it, the operand of the larger scale is multiplied by 2^20 / 2, without a rest; only the other one is
 * to be requantized:
 *
 *      exact = factor_a * a + offset_a                   factor_a: 2^19, or -2^19 when it is subtracted
 *      other = requantized(2^20 * b + offset_b) * sign_b
 *
 * No shift is above 0. away_b, away: 1 when the shift is below 0.
 */
struct edgekd_add_s8_mve {
    int32_t factor_a;
    int32_t offset_a;
    int32_t offset_b;
    int32_t multiplier_b;
    int32_t shift_b;
    int32_t away_b;
    int32_t sign_b;
    int32_t multiplier;
    int32_t shift;
    int32_t away;
    int32_t zero_point; /* of the output */
    int32_t lowest;
    int32_t highest;
};

/* `count` elements of each; output may be an operand. */
void edgekd_add_s8_mve(const struct edgekd_add_s8_mve *p, const int8_t *a, const int8_t *b, int8_t *output,
                       int32_t count);

#endif
