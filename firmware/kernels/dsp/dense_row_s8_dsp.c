/* One row by eight outputs a pass, each weight used once. Inputs are widened as they are read: 32 multiplications take
 * 1 LDR, 4 LDRD, 10 SXTB16 and 16 SMLAD.
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

struct eight {
    struct sums ab;
    struct sums cd;
    struct sums ef;
    struct sums gh;
};

static inline struct sums begin(const int32_t **bias) {
    const struct edgekd_words_dsp words = edgekd_load_dsp(bias);
    return (struct sums){words.first, words.second};
}

static inline void multiply(struct sums *s, int32_t weights, int32_t x) {
    s->ab = (int32_t)__smlad(weights, x, s->ab);
    s->a = (int32_t)__smlad(edgekd_even_dsp(weights), x, s->a);
}

/* Two inputs by eight channels. */
static inline void step_2(struct eight *s, int32_t x, const int32_t **w) {
    const struct edgekd_words_dsp weights = edgekd_load_dsp(w);
    multiply(&s->ab, weights.first, x);
    multiply(&s->cd, weights.second, x);
    const struct edgekd_words_dsp more = edgekd_load_dsp(w);
    multiply(&s->ef, more.first, x);
    multiply(&s->gh, more.second, x);
}

static inline void step_4(struct eight *s, const int8_t *x, const int32_t **w) {
    const int32_t inputs = edgekd_load_4_dsp(x);
    step_2(s, edgekd_even_dsp(inputs), w);
    step_2(s, edgekd_odd_dsp(inputs), w);
}

/* How results are made. */
struct finish {
    int32_t multiplier;
    int32_t offset;
    int32_t shift;
};

static inline void finish(struct finish f, struct sums s, int8_t *y) {
    y[0] = edgekd_requantize_dsp(edgekd_twice_a_dsp(s.a), f.multiplier, f.offset, f.shift);
    y[1] = edgekd_requantize_dsp(edgekd_twice_b_dsp(s.a, s.ab), f.multiplier, f.offset, f.shift);
}

void edgekd_dense_row_s8_dsp(const struct edgekd_dense_row_s8_dsp *p, const int8_t *input, int8_t *output) {
    const struct finish f = {p->multiplier, edgekd_offset_dsp(2 * p->zero_point + 1, p->shift), p->shift};
    const int8_t *const end = input + p->depth;
    const int32_t *block = p->blocks;
    for (int8_t *y = output; y != output + p->outputs; y += 8) {
        struct eight s;
        s.ab = begin(&block);
        s.cd = begin(&block);
        s.ef = begin(&block);
        s.gh = begin(&block);
        for (const int8_t *x = input; x != end; x += 8) {
            step_4(&s, x, &block);
            step_4(&s, x + 4, &block);
        }
        finish(f, s.ab, y);
        finish(f, s.cd, y + 2);
        finish(f, s.ef, y + 4);
        finish(f, s.gh, y + 6);
    }
    edgekd_clamp_dsp(output, p->outputs, p->lowest, p->highest);
}
