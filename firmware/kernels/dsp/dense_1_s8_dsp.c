/* One row by four outputs a pass, each weight used once: 16 multiplications take 3 LDRD, 4 SXTB16 and 8 SMLAD. */
#include "dense_s8_dsp.h"
#include "requantize_dsp.h"
#include "words_dsp.h"

/* Sums of two channels a and b. */
struct sums {
    int32_t a;
    int32_t ab;
};

static inline struct sums begin(const int32_t *bias) {
    return (struct sums){bias[0], bias[1]};
}

static inline void multiply(struct sums *s, int32_t weights, int32_t x) {
    s->ab = (int32_t)__smlad(weights, x, s->ab);
    s->a = (int32_t)__smlad(edgekd_even_dsp(weights), x, s->a);
}

/* Four inputs by four channels. */
static inline void step_4(struct sums *ab, struct sums *cd, const int32_t **x, const int32_t **w) {
    const struct edgekd_words_dsp inputs = edgekd_load_dsp(x);
    const struct edgekd_words_dsp weights = edgekd_load_dsp(w);
    multiply(ab, weights.first, inputs.first);
    multiply(cd, weights.second, inputs.first);
    const struct edgekd_words_dsp more = edgekd_load_dsp(w);
    multiply(ab, more.first, inputs.second);
    multiply(cd, more.second, inputs.second);
}

/* Four inputs by two channels. */
static inline void step_pair(struct sums *ab, const int32_t **x, const int32_t **w) {
    const struct edgekd_words_dsp inputs = edgekd_load_dsp(x);
    const struct edgekd_words_dsp weights = edgekd_load_dsp(w);
    multiply(ab, weights.first, inputs.first);
    multiply(ab, weights.second, inputs.second);
}

static inline int8_t finish(int32_t odd_zero_point, int32_t multiplier, int32_t shift, int32_t twice) {
    return edgekd_requantize_dsp(twice, multiplier, edgekd_offset_dsp(odd_zero_point, shift), shift);
}

void edgekd_dense_1_s8_dsp(const struct edgekd_dense_s8_dsp *p, const int32_t *x, int8_t *y, int32_t first,
                           int32_t last) {
    const int32_t *block = p->blocks + first / 4 * (p->depth + EDGEKD_BLOCK_TABLES_DSP);
    const int32_t odd_zero_point = p->odd_zero_point;
    const int32_t *const end = x + p->depth / 2;
    int32_t left = last - first;
    y += first;
    for (; left >= 4; left -= 4) {
        const int32_t *inputs = x;
        struct sums ab = begin(block);
        struct sums cd = begin(block + 2);
        block += 4;
        do {
            step_4(&ab, &cd, &inputs, &block);
            step_4(&ab, &cd, &inputs, &block);
        } while (inputs != end);
        const int8_t *shifts = (const int8_t *)(block + 4);
        y[0] = finish(odd_zero_point, block[0], shifts[0], edgekd_twice_a_dsp(ab.a));
        y[1] = finish(odd_zero_point, block[1], shifts[1], edgekd_twice_b_dsp(ab.a, ab.ab));
        y[2] = finish(odd_zero_point, block[2], shifts[2], edgekd_twice_a_dsp(cd.a));
        y[3] = finish(odd_zero_point, block[3], shifts[3], edgekd_twice_b_dsp(cd.a, cd.ab));
        block += 5;
        y += 4;
    }
    for (; left > 0; left -= 2) {
        const int32_t *inputs = x;
        struct sums ab = begin(block);
        block += 2;
        do {
            step_pair(&ab, &inputs, &block);
        } while (inputs != end);
        const int8_t *shifts = (const int8_t *)(block + 2);
        y[0] = finish(odd_zero_point, block[0], shifts[0], edgekd_twice_a_dsp(ab.a));
        if (left > 1) {
            y[1] = finish(odd_zero_point, block[1], shifts[1], edgekd_twice_b_dsp(ab.a, ab.ab));
        }
        block += 3;
        y += 2;
    }
}
