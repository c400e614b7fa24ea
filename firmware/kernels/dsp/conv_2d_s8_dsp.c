/* Convolution, int8: the windows of two neighbouring pixels are widened side by side, then treated as two rows of a
 * dense layer. Padding is written as the input's zero point, which the folded bias takes for a zero.
 *
 *      scratch   p(0,2) q(0,2) p(1,3) q(1,3) ...     windows of pixels p and q, see dense_s8_dsp.h
 *                0 1 2 3 ...                         one window as bytes, where it cannot be widened from the image
 */
#include "conv_2d_s8_dsp.h"

#include "clamp_dsp.h"
#include "widen_dsp.h"

/* Widens the windows of output pixels x and x + 1 of row y, all of whose columns lie inside the image. */
static void widen_inside(const struct edgekd_conv_2d_s8_dsp *p, const int8_t *input, int32_t y, int32_t x,
                         int32_t *to) {
    const struct edgekd_window *w = &p->window;
    const int32_t count = w->width * w->input_channels;
    const int32_t from = (x * w->stride_x - w->pad_left) * w->input_channels;
    const int32_t next = w->stride_x * w->input_channels;
    const int32_t padding = (int32_t)((uint32_t)p->input_zero_point << 16 | (uint16_t)p->input_zero_point);
    int32_t row = y * w->stride_y - w->pad_top;
    for (int32_t i = 0; i < w->height; ++i) {
        if (row >= 0 && row < w->input_height) {
            const int8_t *p0 = edgekd_input_row(w, input, row) + from;
            to = edgekd_widen_2_dsp(p0, p0 + next, count, to);
        } else {
            for (int32_t k = 0; k < count; k += 2) {
                edgekd_store_dsp(&to, padding, padding);
            }
        }
        row += w->dilation_y;
    }
}

/* Widens the windows of `pixels` output pixels from x on, one or two, for one group. */
static void widen(const struct edgekd_conv_2d_s8_dsp *p, const int8_t *input, int32_t y, int32_t x, int32_t pixels,
                  int32_t group, int32_t *to) {
    const struct edgekd_window *w = &p->window;
    const int32_t left = x * w->stride_x - w->pad_left;
    if (p->whole_words && pixels == 2 && left >= 0 && left + w->stride_x + w->width <= w->input_width) {
        widen_inside(p, input, y, x, to);
        return;
    }
    const int32_t count = w->input_channels / p->groups;
    int8_t *bytes = (int8_t *)(to + p->dense.depth);
    for (int32_t i = 0; i < pixels; ++i) {
        edgekd_gather_s8(w, input, y, x + i, group * count, count, p->input_zero_point, bytes);
        edgekd_widen_1_dsp(bytes, w->height * w->width * count, to + i, pixels);
    }
}

void edgekd_conv_2d_s8_dsp(const struct edgekd_conv_2d_s8_dsp *p, const int8_t *input, int8_t *output, void *scratch,
                           int32_t first, int32_t last) {
    const struct edgekd_window *w = &p->window;
    const struct edgekd_dense_s8_dsp *dense = &p->dense;
    const int32_t outputs = p->outputs;
    const int32_t group_outputs = outputs / p->groups;
    for (int32_t y = first; y < last; ++y) {
        int8_t *pixel = edgekd_output_row(w, output, y, outputs);
        for (int32_t x = 0; x < w->output_width; x += 2) {
            const int32_t pixels = x + 2 <= w->output_width ? 2 : 1;
            for (int32_t group = 0; group < p->groups; ++group) {
                const int32_t channel = group * group_outputs;
                widen(p, input, y, x, pixels, group, scratch);
                if (pixels == 2) {
                    edgekd_dense_2_s8_dsp(dense, scratch, pixel, outputs, channel, channel + group_outputs);
                } else {
                    edgekd_dense_1_s8_dsp(dense, scratch, pixel, channel, channel + group_outputs);
                }
            }
            edgekd_clamp_dsp(pixel, pixels * outputs, dense->lowest, dense->highest);
            pixel += pixels * outputs;
        }
    }
}
