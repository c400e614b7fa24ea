/* Four sums a pass. SMLAWB and SMLAWT multiply a word by a halfword and keep the upper 32 of 48 bits, so the bytes need
 * no sign extension where they are the upper halves of halfwords:
 *
 *      word  [x3 x2 x1 x0]     odd  [x3  0 x1  0]     even  [x2  0 x0  0]
 */
#include "add_s8_dsp.h"

#include "lanes_dsp.h"
#include "words_dsp.h"

static const uint32_t upper_bytes = 0xff00ff00;

static inline int8_t result(const struct edgekd_add_s8_dsp *p, int32_t sum, int away) {
    return (int8_t)edgekd_saturate_20_dsp(away ? sum + (sum >> 31) + p->rest : sum);
}

static inline int8_t lower(const struct edgekd_add_s8_dsp *p, uint32_t a, uint32_t b, int away) {
    const int32_t sum = __smlawb(p->factor_a, (int32_t)a, p->offset);
    return result(p, __smlawb(p->factor_b, (int32_t)b, sum), away);
}

static inline int8_t upper(const struct edgekd_add_s8_dsp *p, uint32_t a, uint32_t b, int away) {
    const int32_t sum = __smlawt(p->factor_a, (int32_t)a, p->offset);
    return result(p, __smlawt(p->factor_b, (int32_t)b, sum), away);
}

__attribute__((always_inline)) static inline void add(const struct edgekd_add_s8_dsp *parameters, const int8_t *a,
                                                      const int8_t *b, int8_t *y, int32_t count, int away) {
    const struct edgekd_add_s8_dsp p = *parameters;
    for (; count >= 4; count -= 4) {
        const uint32_t word_a = (uint32_t)edgekd_load_4_dsp(a);
        const uint32_t word_b = (uint32_t)edgekd_load_4_dsp(b);
        const uint32_t even_a = word_a << 8 & upper_bytes;
        const uint32_t even_b = word_b << 8 & upper_bytes;
        const uint32_t odd_a = word_a & upper_bytes;
        const uint32_t odd_b = word_b & upper_bytes;
        y[0] = lower(&p, even_a, even_b, away);
        y[1] = lower(&p, odd_a, odd_b, away);
        y[2] = upper(&p, even_a, even_b, away);
        y[3] = upper(&p, odd_a, odd_b, away);
        a += 4;
        b += 4;
        y += 4;
    }
    for (; count > 0; --count) {
        *y++ = lower(&p, (uint32_t)*a++ << 8, (uint32_t)*b++ << 8, away);
    }
}

void edgekd_add_s8_dsp(const struct edgekd_add_s8_dsp *p, const int8_t *a, const int8_t *b, int8_t *output,
                       int32_t count) {
    add(p, a, b, output, count, 0);
}

void edgekd_add_away_s8_dsp(const struct edgekd_add_s8_dsp *p, const int8_t *a, const int8_t *b, int8_t *output,
                            int32_t count) {
    add(p, a, b, output, count, 1);
}
