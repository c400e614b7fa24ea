#include "pool_2d_s8.h"

#include "requantize.h"

/* One output for each channel of one window. */
static void pool(const EDGEKD_FLASH struct edgekd_pool_2d_s8 *p, const int8_t *input, struct edgekd_pool_part part,
                 int8_t *y) {
    const EDGEKD_FLASH struct edgekd_window *w = &p->window;
    const int32_t channels = w->input_channels;
    for (int32_t channel = 0; channel < channels; ++channel) {
        int32_t highest = INT8_MIN;
        for (int32_t i = 0; i < part.rows; ++i) {
            const int8_t *x = edgekd_input_row(w, input, part.top + i) + part.left * channels + channel;
            for (int32_t j = 0; j < part.columns; ++j) {
                highest = *x > highest ? *x : highest;
                x += channels;
            }
        }
        y[channel] = edgekd_clamp_s8(highest, p->lowest, p->highest);
    }
}

void edgekd_max_pool_2d_s8(const EDGEKD_FLASH struct edgekd_pool_2d_s8 *p, const int8_t *input, int8_t *output,
                           int32_t first, int32_t last) {
    edgekd_pool_rows(p, input, output, first, last, pool);
}
