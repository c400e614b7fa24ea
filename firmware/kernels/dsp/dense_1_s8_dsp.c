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
static inline void step_2(struct sums *ab, const int32_t **x, const int32_t **w) {
    const struct edgekd_words_dsp inputs = edgekd_load_dsp(x);
    const struct edgekd_words_dsp weights = edgekd_load_dsp(w);
    multiply(ab, weights.first, inputs.first);
    multiply(ab, weights.second, inputs.second);
}

static inline int8_t finish(const int32_t *scaling, int32_t channel, int32_t odd_zero_point, int32_t twice) {
    const int32_t shift = ((const int8_t *)(scaling + 4))[channel];
    return edgekd_requantize_dsp(twice, scaling[channel], edgekd_offset_dsp(odd_zero_point, shift), shift);
}

void edgekd_dense_1_s8_dsp(const struct edgekd_dense_s8_dsp *p, const int32_t *x, int8_t *y, int32_t first,
                           int32_t last) {
    const int32_t *weights = p->weights + first / 4 * p->depth;
    const int32_t *bias = p->bias + first;
    const int32_t *scaling = p->scaling + first / 4 * p->scaling_stride;
    const int32_t odd_zero_point = p->odd_zero_point;
    const int32_t *const end = x + p->depth / 2;
    int32_t left = last - first;
    y += first;
    for (; left >= 4; left -= 4) {
        const int32_t *inputs = x;
        struct sums ab = begin(bias);
        struct sums cd = begin(bias + 2);
        if (p->depth % 8 != 0) {
            step_4(&ab, &cd, &inputs, &weights);
        }
        while (inputs != end) {
            step_4(&ab, &cd, &inputs, &weights);
            step_4(&ab, &cd, &inputs, &weights);
        }
        y[0] = finish(scaling, 0, odd_zero_point, edgekd_twice_a_dsp(ab.a));
        y[1] = finish(scaling, 1, odd_zero_point, edgekd_twice_b_dsp(ab.a, ab.ab));
        y[2] = finish(scaling, 2, odd_zero_point, edgekd_twice_a_dsp(cd.a));
        y[3] = finish(scaling, 3, odd_zero_point, edgekd_twice_b_dsp(cd.a, cd.ab));
        scaling += p->scaling_stride;
        bias += 4;
        y += 4;
    }
    for (int32_t channel = 0; channel < left; channel += 2) {
        const int32_t *inputs = x;
        struct sums ab = begin(bias + channel);
        while (inputs != end) {
            step_2(&ab, &inputs, &weights);
        }
        y[channel] = finish(scaling, channel, odd_zero_point, edgekd_twice_a_dsp(ab.a));
        if (channel + 1 < left) {
            y[channel + 1] = finish(scaling, channel + 1, odd_zero_point, edgekd_twice_b_dsp(ab.a, ab.ab));
        }
    }
}
