/* ADD and SUB, int8, two tensors of the same shape, for the DSP extension. */
#ifndef EDGEKD_ADD_S8_DSP_H
#define EDGEKD_ADD_S8_DSP_H

#include <stdint.h>

/* offset + a * factor_a / 2^8 + b * factor_b / 2^8, both quotients rounded down, is 2^20 times the result, which is
 * rounded down as well; 32 bits hold the sum. edgekd/compiler/isa/dsp/elementwise.py finds the numbers and compares all
 * pairs of operands with what add_s8.h defines.
 *
 * away: for a sum that falls on halves. The offset then leaves out what rounding and the output's zero point take,
 * `rest`, because halves of negative numbers are rounded down.
 */
struct edgekd_add_s8_dsp {
    int32_t factor_a;
    int32_t factor_b;
    int32_t offset;
    int32_t rest;
};

/* `count` elements of each. output may be an operand. */
void edgekd_add_s8_dsp(const struct edgekd_add_s8_dsp *p, const int8_t *a, const int8_t *b, int8_t *output,
                       int32_t count);
void edgekd_add_away_s8_dsp(const struct edgekd_add_s8_dsp *p, const int8_t *a, const int8_t *b, int8_t *output,
                            int32_t count);

#endif
