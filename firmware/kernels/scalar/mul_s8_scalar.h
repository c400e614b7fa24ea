/* MUL, int8, of two tensors of one shape, or of one and the numbers of its channels, for cores without SIMD. */
#ifndef EDGEKD_MUL_S8_SCALAR_H
#define EDGEKD_MUL_S8_SCALAR_H

#include <stdint.h>

/* multiplier, shift: such that all products are requantized the short way, see requantize_scalar.h. */
struct edgekd_mul_s8_scalar {
    int32_t zero_point_a;
    int32_t zero_point_b;
    int32_t odd_zero_point; /* of the output: 2 zero_point + 1 */
    int32_t multiplier;
    int32_t shift;
    int32_t lowest;
    int32_t highest;
};

/* a: [rows][count]. b: [count]. */
struct edgekd_mul_rows_s8_scalar {
    struct edgekd_mul_s8_scalar mul;
    int32_t rows;
    int32_t count;
};

/* `count` elements of each. output may be an operand. */
void edgekd_mul_s8_scalar(const struct edgekd_mul_s8_scalar *p, const int8_t *a, const int8_t *b, int8_t *output,
                          int32_t count);

/* output may be a. */
void edgekd_mul_rows_s8_scalar(const struct edgekd_mul_rows_s8_scalar *p, const int8_t *a, const int8_t *b,
                               int8_t *output);

#endif
