/* Taps outside the image count for nothing: zero points are 0. */
#include "conv_2d_s16.h"

/* The sum of one window of one output channel. channel: the first of its group in the input. */
static int64_t sum_of(const EDGEKD_FLASH struct edgekd_conv_2d_s16 *p, const int16_t *input, int32_t top, int32_t left,
                      int32_t channel, const EDGEKD_FLASH int8_t *weights) {
    const EDGEKD_FLASH struct edgekd_window *w = &p->window;
    const int32_t depth = w->input_channels / p->groups;
    const struct edgekd_taps rows = edgekd_taps_inside(top, w->height, w->dilation_y, w->input_height);
    const struct edgekd_taps columns = edgekd_taps_inside(left, w->width, w->dilation_x, w->input_width);
    int64_t sum = 0;
    for (int32_t i = rows.first; i < rows.last; ++i) {
        const int32_t y = (top + i * w->dilation_y) % w->input_rows;
        for (int32_t j = columns.first; j < columns.last; ++j) {
            const int32_t x = left + j * w->dilation_x;
            const int16_t *pixel = input + (y * w->input_width + x) * w->input_channels + channel;
            const EDGEKD_FLASH int8_t *tap = weights + (i * w->width + j) * depth;
            for (int32_t k = 0; k < depth; ++k) {
                sum += (int32_t)tap[k] * pixel[k];
            }
        }
    }
    return sum;
}

void edgekd_conv_2d_s16(const EDGEKD_FLASH struct edgekd_conv_2d_s16 *p, const int16_t *input, int16_t *output,
                        int32_t first, int32_t last) {
    const EDGEKD_FLASH struct edgekd_window *w = &p->window;
    const int32_t depth = w->input_channels / p->groups;
    const int32_t group_outputs = p->outputs / p->groups;
    for (int32_t y = first; y < last; ++y) {
        const int32_t top = y * w->stride_y - w->pad_top;
        int16_t *to = output + y % w->output_rows * w->output_width * p->outputs;
        for (int32_t x = 0; x < w->output_width; ++x) {
            const int32_t left = x * w->stride_x - w->pad_left;
            for (int32_t c = 0; c < p->outputs; ++c) {
                const EDGEKD_FLASH int8_t *weights = p->sums.weights + c * w->height * w->width * depth;
                const int64_t sum = sum_of(p, input, top, left, c / group_outputs * depth, weights);
                *to++ = edgekd_scaled_s16(&p->sums, c, p->sums.bias[c] + sum);
            }
        }
    }
}
