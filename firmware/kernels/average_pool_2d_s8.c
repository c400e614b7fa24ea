#include "pool_2d_s8.h"

#include "requantize.h"

/* One output for each channel of one window. */
static void pool(const struct edgekd_pool_2d_s8 *p, struct edgekd_pool_part part, int8_t *y) {
    const int32_t channels = p->window.input_channels;
    const int32_t count = part.rows * part.columns;
    for (int32_t channel = 0; channel < channels; ++channel) {
        const int8_t *row = part.start + channel;
        int32_t sum = 0;
        for (int32_t i = 0; i < part.rows; ++i) {
            const int8_t *x = row;
            for (int32_t j = 0; j < part.columns; ++j) {
                sum += *x;
                x += channels;
            }
            row += p->window.input_width * channels;
        }
        const int32_t mean = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
        y[channel] = edgekd_clamp_s8(mean, p->lowest, p->highest);
    }
}

void edgekd_average_pool_2d_s8(const struct edgekd_pool_2d_s8 *p, const int8_t *input, int8_t *output) {
    const struct edgekd_window *w = &p->window;
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        for (int32_t y = 0; y < w->output_height; ++y) {
            for (int32_t x = 0; x < w->output_width; ++x) {
                pool(p, edgekd_pool_part(w, input, y, x), output);
                output += w->input_channels;
            }
        }
        input += w->input_height * w->input_width * w->input_channels;
    }
}
