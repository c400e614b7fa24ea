/* The windows of neighbouring outputs are gathered into rows, as many as sums_scalar.c takes at a time.
 *
 *      scratch   window at x: [height][width][channels]   window at x + 1   ...
 *
 * A window's row of taps that are neighbours in the image is copied as one; padding is written as the input's zero
 * point, which the folded bias takes for a zero.
 */
#include "conv_2d_s8_scalar.h"

#include "copy_scalar.h"

/* The window at output (y, x), channels first_channel to first_channel + count - 1 of each tap. */
static void gather(const struct edgekd_conv_2d_s8_scalar *p, const int8_t *input, int32_t y, int32_t x,
                   int32_t first_channel, int32_t count, int8_t *to) {
    const struct edgekd_window *const w = &p->window;
    const int neighbours = w->dilation_x == 1 && count == w->input_channels;
    const int32_t row_bytes = w->width * count;
    const int32_t left = x * w->stride_x - w->pad_left;
    const struct edgekd_taps inside = edgekd_taps_inside(left, w->width, w->dilation_x, w->input_width);
    const int32_t inside_bytes = (inside.last - inside.first) * count;
    int32_t row = y * w->stride_y - w->pad_top;
    for (int32_t i = 0; i < w->height; ++i) {
        const int in_image = row >= 0 && row < w->input_height;
        if (!in_image || inside_bytes < row_bytes) {
            edgekd_fill_scalar(to, p->input_zero_point, row_bytes);
        }
        if (in_image) {
            const int32_t column = left + inside.first * w->dilation_x;
            const int8_t *from = edgekd_input_row(w, input, row) + column * w->input_channels + first_channel;
            int8_t *tap = to + inside.first * count;
            if (neighbours) {
                edgekd_copy_scalar(tap, from, inside_bytes);
            } else {
                for (int32_t j = inside.first; j < inside.last; ++j) {
                    edgekd_copy_scalar(tap, from, count);
                    from += w->dilation_x * w->input_channels;
                    tap += count;
                }
            }
        }
        row += w->dilation_y;
        to += row_bytes;
    }
}

void edgekd_conv_2d_s8_scalar(const struct edgekd_conv_2d_s8_scalar *p, const int8_t *input, int8_t *output,
                              void *scratch, int32_t first, int32_t last) {
    const struct edgekd_window *w = &p->window;
    const int32_t group_inputs = w->input_channels / p->groups;
    const int32_t group_outputs = p->outputs / p->groups;
    int8_t *const windows = scratch;
    for (int32_t y = first; y < last; ++y) {
        int8_t *to = edgekd_output_row(w, output, y, p->outputs);
        for (int32_t x = 0; x < w->output_width; x += EDGEKD_ROWS_SCALAR) {
            const int32_t left = w->output_width - x;
            const int32_t rows = left < EDGEKD_ROWS_SCALAR ? left : EDGEKD_ROWS_SCALAR;
            for (int32_t group = 0; group < p->groups; ++group) {
                for (int32_t i = 0; i < rows; ++i) {
                    gather(p, input, y, x + i, group * group_inputs, group_inputs, windows + i * p->sums.depth);
                }
                const int32_t output0 = group * group_outputs;
                edgekd_sums_scalar(&p->sums, windows, rows, to, p->outputs, output0, output0 + group_outputs);
            }
            to += rows * p->outputs;
        }
    }
}
