/* Four channels a pass, compared at once. */
#include "lanes_dsp.h"
#include "pool_2d_s8_dsp.h"
#include "words_dsp.h"

/* Channels c to c + 3 of one window. */
static void four_channels(const struct edgekd_pool_2d_s8 *p, const int8_t *input, const struct edgekd_pool_part *part,
                          int32_t c, int8_t *y) {
    const int32_t channels = p->window.input_channels;
    int32_t largest = edgekd_splat_dsp(p->lowest);
    for (int32_t i = 0; i < part->rows; ++i) {
        const int8_t *x = edgekd_input_row(&p->window, input, part->top + i) + part->left * channels + c;
        for (int32_t j = part->columns; j > 0; --j) {
            largest = edgekd_max_dsp(largest, edgekd_load_4_dsp(x));
            x += channels;
        }
    }
    edgekd_store_4_dsp(y + c, edgekd_min_dsp(largest, edgekd_splat_dsp(p->highest)));
}

/* The last four channels may be some of those before them again. */
static void pool(const struct edgekd_pool_2d_s8 *p, const int8_t *input, struct edgekd_pool_part part, int8_t *y) {
    const int32_t channels = p->window.input_channels;
    for (int32_t c = 0; c < channels; c += 4) {
        four_channels(p, input, &part, c < channels - 4 ? c : channels - 4, y);
    }
}

void edgekd_max_pool_2d_s8_dsp(const struct edgekd_pool_2d_s8 *p, const int8_t *input, int8_t *output, int32_t first,
                               int32_t last) {
    edgekd_pool_rows(p, input, output, first, last, pool);
}
