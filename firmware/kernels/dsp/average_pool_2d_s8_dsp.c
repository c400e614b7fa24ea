/* Four channels a pass: their sums are halfwords, which hold 256 of the smallest and the largest numbers.
 *
 *      word  [c3 c2 c1 c0]     even += [  c2   c0]     odd += [  c3   c1]     SXTAB16; SXTAB16, ROR #8
 */
#include "lanes_dsp.h"
#include "pool_2d_s8_dsp.h"
#include "words_dsp.h"

static inline int32_t mean(const struct edgekd_pool_2d_s8 *p, int32_t sum, int32_t count) {
    const int32_t half = count / 2;
    return edgekd_clamp_s8((sum > 0 ? sum + half : sum - half) / count, p->lowest, p->highest);
}

/* Channels c to c + 3 of one window. */
static void four_channels(const struct edgekd_pool_2d_s8 *p, const int8_t *input, const struct edgekd_pool_part *part,
                          int32_t c, int8_t *y) {
    const int32_t channels = p->window.input_channels;
    const int32_t count = part->rows * part->columns;
    int32_t even = 0;
    int32_t odd = 0;
    for (int32_t i = 0; i < part->rows; ++i) {
        const int8_t *x = edgekd_input_row(&p->window, input, part->top + i) + part->left * channels + c;
        for (int32_t j = part->columns; j > 0; --j) {
            const int32_t word = edgekd_load_4_dsp(x);
            even = __sxtab16(even, word);
            odd = edgekd_add_odd_dsp(odd, word);
            x += channels;
        }
    }
    y[c] = (int8_t)mean(p, (int16_t)even, count);
    y[c + 1] = (int8_t)mean(p, (int16_t)odd, count);
    y[c + 2] = (int8_t)mean(p, even >> 16, count);
    y[c + 3] = (int8_t)mean(p, odd >> 16, count);
}

/* The last four channels may be some of those before them again. */
static void pool(const struct edgekd_pool_2d_s8 *p, const int8_t *input, struct edgekd_pool_part part, int8_t *y) {
    const int32_t channels = p->window.input_channels;
    for (int32_t c = 0; c < channels; c += 4) {
        four_channels(p, input, &part, c < channels - 4 ? c : channels - 4, y);
    }
}

void edgekd_average_pool_2d_s8_dsp(const struct edgekd_pool_2d_s8 *p, const int8_t *input, int8_t *output,
                                   int32_t first, int32_t last) {
    edgekd_pool_rows(p, input, output, first, last, pool);
}
