/* MUL, int8, of two tensors of one shape, or of one and the numbers of its channels, for the DSP extension. */
#ifndef EDGEKD_MUL_S8_DSP_H
#define EDGEKD_MUL_S8_DSP_H

#include <stdint.h>

/* shift: e - 1 of requantize_dsp.h, whose short sequence gets all products right. */
struct edgekd_mul_s8_dsp {
    int32_t zero_point_a;
    int32_t zero_point_b;
    int32_t odd_zero_point; /* of the output: 2 zero_point + 1 */
    int32_t multiplier;
    int32_t shift;
    int32_t lowest;
    int32_t highest;
};

/* a: [rows][count]. b: [count]. */
struct edgekd_mul_rows_s8_dsp {
    struct edgekd_mul_s8_dsp mul;
    int32_t rows;
    int32_t count;
};

/* `count` elements of each. output may be an operand. */
void edgekd_mul_s8_dsp(const struct edgekd_mul_s8_dsp *p, const int8_t *a, const int8_t *b, int8_t *output,
                       int32_t count);

/* output may be a. */
void edgekd_mul_rows_s8_dsp(const struct edgekd_mul_rows_s8_dsp *p, const int8_t *a, const int8_t *b, int8_t *output);

#endif
