/* One row by four outputs a pass, each weight used once. Inputs are widened as they are read: 16 multiplications take
 * 1 LDR, 2 LDRD, 6 SXTB16 and 8 SMLAD.
 */
#include "dense_row_s8_dsp.h"

#include "clamp_dsp.h"
#include "dense_s8_dsp.h"
#include "requantize_dsp.h"
#include "words_dsp.h"

/* Sums of two channels a and b, see dense_s8_dsp.h. */
struct sums {
    int32_t a;
    int32_t ab;
};

static inline void multiply(struct sums *s, int32_t weights, int32_t x) {
    s->ab = (int32_t)__smlad(weights, x, s->ab);
    s->a = (int32_t)__smlad(edgekd_even_dsp(weights), x, s->a);
}

/* Four inputs by four channels. */
static inline void step(struct sums *ab, struct sums *cd, const int8_t *x, const int32_t **w) {
    const int32_t inputs = edgekd_load_4_dsp(x);
    const int32_t even = edgekd_even_dsp(inputs);
    const struct edgekd_words_dsp weights = edgekd_load_dsp(w);
    multiply(ab, weights.first, even);
    multiply(cd, weights.second, even);
    const int32_t odd = edgekd_odd_dsp(inputs);
    const struct edgekd_words_dsp more = edgekd_load_dsp(w);
    multiply(ab, more.first, odd);
    multiply(cd, more.second, odd);
}

void edgekd_dense_row_s8_dsp(const struct edgekd_dense_row_s8_dsp *p, const int8_t *input, int8_t *output) {
    const int32_t multiplier = p->multiplier;
    const int32_t shift = p->shift;
    const int32_t offset = edgekd_offset_dsp(2 * p->zero_point + 1, shift);
    const int8_t *const end = input + p->depth;
    const int32_t *block = p->blocks;
    for (int8_t *y = output; y != output + p->outputs; y += 4) {
        struct edgekd_words_dsp bias = edgekd_load_dsp(&block);
        struct sums ab = {bias.first, bias.second};
        bias = edgekd_load_dsp(&block);
        struct sums cd = {bias.first, bias.second};
        for (const int8_t *x = input; x != end; x += 8) {
            step(&ab, &cd, x, &block);
            step(&ab, &cd, x + 4, &block);
        }
        y[0] = edgekd_requantize_dsp(edgekd_twice_a_dsp(ab.a), multiplier, offset, shift);
        y[1] = edgekd_requantize_dsp(edgekd_twice_b_dsp(ab.a, ab.ab), multiplier, offset, shift);
        y[2] = edgekd_requantize_dsp(edgekd_twice_a_dsp(cd.a), multiplier, offset, shift);
        y[3] = edgekd_requantize_dsp(edgekd_twice_b_dsp(cd.a, cd.ab), multiplier, offset, shift);
    }
    edgekd_clamp_dsp(output, p->outputs, p->lowest, p->highest);
}
