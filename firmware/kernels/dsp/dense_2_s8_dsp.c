/* Two rows by four outputs a pass: 8 sums, 2 words of inputs, 2 of weights and 2 pointers are all the registers there
 * are. 16 multiplications take 2 LDRD, 2 SXTB16 and 8 SMLAD.
 */
#include "dense_s8_dsp.h"
#include "requantize_dsp.h"
#include "words_dsp.h"

/* Sums of two channels a and b, of two rows. */
struct sums {
    int32_t a0;
    int32_t ab0;
    int32_t a1;
    int32_t ab1;
};

static inline struct sums begin(const int32_t *bias) {
    return (struct sums){bias[0], bias[1], bias[0], bias[1]};
}

static inline void multiply(struct sums *s, int32_t weights, struct edgekd_words_dsp x) {
    const int32_t a = edgekd_even_dsp(weights);
    s->ab0 = (int32_t)__smlad(weights, x.first, s->ab0);
    s->ab1 = (int32_t)__smlad(weights, x.second, s->ab1);
    s->a0 = (int32_t)__smlad(a, x.first, s->a0);
    s->a1 = (int32_t)__smlad(a, x.second, s->a1);
}

/* Two inputs by four channels. */
static inline void step_4(struct sums *ab, struct sums *cd, const int32_t **x, const int32_t **w) {
    const struct edgekd_words_dsp inputs = edgekd_load_dsp(x);
    const struct edgekd_words_dsp weights = edgekd_load_dsp(w);
    multiply(ab, weights.first, inputs);
    multiply(cd, weights.second, inputs);
}

/* Four inputs by two channels. */
static inline void step_2(struct sums *ab, const int32_t **x, const int32_t **w) {
    const struct edgekd_words_dsp weights = edgekd_load_dsp(w);
    multiply(ab, weights.first, edgekd_load_dsp(x));
    multiply(ab, weights.second, edgekd_load_dsp(x));
}

/* Where results go, and how they are made. */
struct finish {
    const int32_t *scaling;
    int32_t odd_zero_point;
    int8_t *y0;
    int8_t *y1;
};

static inline void finish(const struct finish *f, int32_t channel, int32_t twice0, int32_t twice1) {
    const int32_t multiplier = f->scaling[channel];
    const int32_t shift = ((const int8_t *)(f->scaling + 4))[channel];
    const int32_t offset = edgekd_offset_dsp(f->odd_zero_point, shift);
    f->y0[channel] = edgekd_requantize_dsp(twice0, multiplier, offset, shift);
    f->y1[channel] = edgekd_requantize_dsp(twice1, multiplier, offset, shift);
}

static inline void finish_a(const struct finish *f, int32_t channel, const struct sums *s) {
    finish(f, channel, edgekd_twice_a_dsp(s->a0), edgekd_twice_a_dsp(s->a1));
}

static inline void finish_b(const struct finish *f, int32_t channel, const struct sums *s) {
    finish(f, channel, edgekd_twice_b_dsp(s->a0, s->ab0), edgekd_twice_b_dsp(s->a1, s->ab1));
}

void edgekd_dense_2_s8_dsp(const struct edgekd_dense_s8_dsp *p, const int32_t *x, int8_t *y0, int8_t *y1, int32_t first,
                           int32_t last) {
    const int32_t *weights = p->weights + first / 4 * p->depth;
    const int32_t *bias = p->bias + first;
    const int32_t *const end = x + p->depth;
    struct finish f = {p->scaling + first / 4 * p->scaling_stride, p->odd_zero_point, y0 + first, y1 + first};
    int32_t left = last - first;
    for (; left >= 4; left -= 4) {
        const int32_t *inputs = x;
        struct sums ab = begin(bias);
        struct sums cd = begin(bias + 2);
        if (p->depth % 8 != 0) {
            step_4(&ab, &cd, &inputs, &weights);
            step_4(&ab, &cd, &inputs, &weights);
        }
        while (inputs != end) {
            step_4(&ab, &cd, &inputs, &weights);
            step_4(&ab, &cd, &inputs, &weights);
            step_4(&ab, &cd, &inputs, &weights);
            step_4(&ab, &cd, &inputs, &weights);
        }
        finish_a(&f, 0, &ab);
        finish_b(&f, 1, &ab);
        finish_a(&f, 2, &cd);
        finish_b(&f, 3, &cd);
        f.scaling += p->scaling_stride;
        f.y0 += 4;
        f.y1 += 4;
        bias += 4;
    }
    for (int32_t channel = 0; channel < left; channel += 2) {
        const int32_t *inputs = x;
        struct sums ab = begin(bias + channel);
        while (inputs != end) {
            step_2(&ab, &inputs, &weights);
        }
        finish_a(&f, channel, &ab);
        if (channel + 1 < left) {
            finish_b(&f, channel + 1, &ab);
        }
    }
}
