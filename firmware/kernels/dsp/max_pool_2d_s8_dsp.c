/* Four channels a pass, compared at once. */
#include "lanes_dsp.h"
#include "pool_2d_s8_dsp.h"
#include "words_dsp.h"

/* Channels c to c + 3 of one window. */
static void pool(const struct edgekd_pool_2d_s8 *p, const int8_t *input, const struct edgekd_pool_part *part, int32_t c,
                 int8_t *y) {
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
void edgekd_max_pool_2d_s8_dsp(const struct edgekd_pool_2d_s8 *p, const int8_t *input, int8_t *output, int32_t first,
                               int32_t last) {
    const struct edgekd_window *w = &p->window;
    const int32_t channels = w->input_channels;
    for (int32_t y = first; y < last; ++y) {
        int8_t *to = edgekd_output_row(w, output, y, channels);
        for (int32_t x = 0; x < w->output_width; ++x) {
            const struct edgekd_pool_part part = edgekd_pool_part(w, y, x);
            for (int32_t c = 0; c < channels; c += 4) {
                pool(p, input, &part, c < channels - 4 ? c : channels - 4, to);
            }
            to += channels;
        }
    }
}
