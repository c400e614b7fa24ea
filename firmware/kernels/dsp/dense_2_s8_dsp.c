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
static inline void step_2(struct sums *ab, struct sums *cd, const int32_t **x, const int32_t **w) {
    const struct edgekd_words_dsp inputs = edgekd_load_dsp(x);
    const struct edgekd_words_dsp weights = edgekd_load_dsp(w);
    multiply(ab, weights.first, inputs);
    multiply(cd, weights.second, inputs);
}

static inline void step_8(struct sums *ab, struct sums *cd, const int32_t **x, const int32_t **w) {
    step_2(ab, cd, x, w);
    step_2(ab, cd, x, w);
    step_2(ab, cd, x, w);
    step_2(ab, cd, x, w);
}

/* Four inputs by two channels. */
static inline void step_pair(struct sums *ab, const int32_t **x, const int32_t **w) {
    const struct edgekd_words_dsp weights = edgekd_load_dsp(w);
    multiply(ab, weights.first, edgekd_load_dsp(x));
    multiply(ab, weights.second, edgekd_load_dsp(x));
}

/* Where the next results go, and how they are made. */
struct finish {
    int8_t *y;
    int32_t next;
    int32_t odd_zero_point;
};

static inline void finish(struct finish *f, int32_t multiplier, int32_t shift, int32_t twice0, int32_t twice1) {
    const int32_t offset = edgekd_offset_dsp(f->odd_zero_point, shift);
    f->y[f->next] = edgekd_requantize_dsp(twice1, multiplier, offset, shift);
    *f->y++ = edgekd_requantize_dsp(twice0, multiplier, offset, shift);
}

static inline void finish_a(struct finish *f, int32_t multiplier, int32_t shift, const struct sums *s) {
    finish(f, multiplier, shift, edgekd_twice_a_dsp(s->a0), edgekd_twice_a_dsp(s->a1));
}

static inline void finish_b(struct finish *f, int32_t multiplier, int32_t shift, const struct sums *s) {
    finish(f, multiplier, shift, edgekd_twice_b_dsp(s->a0, s->ab0), edgekd_twice_b_dsp(s->a1, s->ab1));
}

void edgekd_dense_2_s8_dsp(const struct edgekd_dense_s8_dsp *p, const int32_t *x, int8_t *y, int32_t next,
                           int32_t first, int32_t last) {
    const int32_t *block = p->blocks + first / 4 * (p->depth + EDGEKD_BLOCK_TABLES_DSP);
    const int32_t *const end = x + p->depth;
    struct finish f = {y + first, next, p->odd_zero_point};
    int32_t left = last - first;
    for (; left >= 4; left -= 4) {
        const int32_t *inputs = x;
        struct sums ab = begin(block);
        struct sums cd = begin(block + 2);
        block += 4;
        while (inputs != end) {
            step_8(&ab, &cd, &inputs, &block);
        }
        const int8_t *shifts = (const int8_t *)(block + 4);
        finish_a(&f, block[0], shifts[0], &ab);
        finish_b(&f, block[1], shifts[1], &ab);
        finish_a(&f, block[2], shifts[2], &cd);
        finish_b(&f, block[3], shifts[3], &cd);
        block += 5;
    }
    for (; left > 0; left -= 2) {
        const int32_t *inputs = x;
        struct sums ab = begin(block);
        block += 2;
        do {
            step_pair(&ab, &inputs, &block);
        } while (inputs != end);
        const int8_t *shifts = (const int8_t *)(block + 2);
        finish_a(&f, block[0], shifts[0], &ab);
        if (left > 1) {
            finish_b(&f, block[1], shifts[1], &ab);
        }
        block += 3;
    }
}
