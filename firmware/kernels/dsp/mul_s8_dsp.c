/* Four elements a pass, as pairs of halfwords: a0 and a2, a1 and a3, less their zero points; those of b doubled, for
 * requantize_dsp.h takes twice the product.
 */
#include "mul_s8_dsp.h"

#include "clamp_dsp.h"
#include "lanes_dsp.h"
#include "requantize_dsp.h"
#include "words_dsp.h"

/* SMULBB and SMULTT. */
static inline int32_t lower_product(int32_t a, int32_t b) {
    return (int16_t)a * (int16_t)b;
}

static inline int32_t upper_product(int32_t a, int32_t b) {
    return (a >> 16) * (b >> 16);
}

void edgekd_mul_s8_dsp(const struct edgekd_mul_s8_dsp *p, const int8_t *a, const int8_t *b, int8_t *output,
                       int32_t count) {
    const int32_t minus_a = edgekd_pair_dsp(-p->zero_point_a, -p->zero_point_a);
    const int32_t minus_b = edgekd_pair_dsp(-p->zero_point_b, -p->zero_point_b);
    const int32_t multiplier = p->multiplier;
    const int32_t shift = p->shift;
    const int32_t offset = edgekd_offset_dsp(p->odd_zero_point, shift);
    int8_t *y = output;
    int32_t left = count;
    for (; left >= 4; left -= 4) {
        const int32_t word_a = edgekd_load_4_dsp(a);
        const int32_t word_b = edgekd_load_4_dsp(b);
        const int32_t even_a = __sxtab16(minus_a, word_a);
        const int32_t even_b = __sxtab16(minus_b, word_b);
        const int32_t twice_even_b = __sadd16(even_b, even_b);
        const int32_t odd_a = edgekd_add_odd_dsp(minus_a, word_a);
        const int32_t odd_b = edgekd_add_odd_dsp(minus_b, word_b);
        const int32_t twice_odd_b = __sadd16(odd_b, odd_b);
        y[0] = edgekd_requantize_dsp(lower_product(even_a, twice_even_b), multiplier, offset, shift);
        y[1] = edgekd_requantize_dsp(lower_product(odd_a, twice_odd_b), multiplier, offset, shift);
        y[2] = edgekd_requantize_dsp(upper_product(even_a, twice_even_b), multiplier, offset, shift);
        y[3] = edgekd_requantize_dsp(upper_product(odd_a, twice_odd_b), multiplier, offset, shift);
        a += 4;
        b += 4;
        y += 4;
    }
    for (; left > 0; --left) {
        const int32_t product = (*a++ - p->zero_point_a) * (*b++ - p->zero_point_b);
        *y++ = edgekd_requantize_dsp(2 * product, multiplier, offset, shift);
    }
    edgekd_clamp_dsp(output, count, p->lowest, p->highest);
}

void edgekd_mul_rows_s8_dsp(const struct edgekd_mul_rows_s8_dsp *p, const int8_t *a, const int8_t *b, int8_t *output) {
    for (int32_t row = 0; row < p->rows; ++row) {
        edgekd_mul_s8_dsp(&p->mul, a, b, output, p->count);
        a += p->count;
        output += p->count;
    }
}
