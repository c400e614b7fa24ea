/* The windows of neighbouring outputs are gathered into rows, as many as sums_scalar.c takes at a time.
 *
 *      scratch   window at x: [height][width][channels]   window at x + 1   ...
 *
 * A window's row of taps that are neighbours in the image is copied as one; padding is written as the input's zero
 * point, which the folded bias takes for a zero.
 */
#include "conv_2d_s8_scalar.h"

#include "copy_scalar.h"

/* The taps of one row of a window whose taps are neighbours: `width` pixels from pixel `left` on, which may lie outside
 * of the row of the image. */
static void gather_neighbours(const struct edgekd_window *w, const int8_t *row, int32_t left, int32_t padding,
                              int8_t *to) {
    const int32_t channels = w->input_channels;
    const struct edgekd_taps inside = edgekd_taps_inside(left, w->width, 1, w->input_width);
    if (inside.last - inside.first < w->width) {
        edgekd_fill_scalar(to, padding, w->width * channels);
    }
    edgekd_copy_scalar(to + inside.first * channels, row + (left + inside.first) * channels,
                       (inside.last - inside.first) * channels);
}

/* Any other, or channels first_channel to first_channel + count - 1 of each tap. */
static void gather_taps(const struct edgekd_window *w, const int8_t *row, int32_t left, int32_t first_channel,
                        int32_t count, int32_t padding, int8_t *to) {
    for (int32_t x = left; x < left + w->width * w->dilation_x; x += w->dilation_x) {
        if (x >= 0 && x < w->input_width) {
            edgekd_copy_scalar(to, row + x * w->input_channels + first_channel, count);
        } else {
            edgekd_fill_scalar(to, padding, count);
        }
        to += count;
    }
}

static void gather(const struct edgekd_conv_2d_s8_scalar *p, const int8_t *input, int32_t y, int32_t x,
                   int32_t first_channel, int32_t count, int8_t *to) {
    const struct edgekd_window *w = &p->window;
    const int neighbours = w->dilation_x == 1 && count == w->input_channels;
    const int32_t left = x * w->stride_x - w->pad_left;
    int32_t row = y * w->stride_y - w->pad_top;
    for (int32_t i = 0; i < w->height; ++i) {
        if (row < 0 || row >= w->input_height) {
            edgekd_fill_scalar(to, p->input_zero_point, w->width * count);
        } else if (neighbours) {
            gather_neighbours(w, edgekd_input_row(w, input, row), left, p->input_zero_point, to);
        } else {
            gather_taps(w, edgekd_input_row(w, input, row), left, first_channel, count, p->input_zero_point, to);
        }
        row += w->dilation_y;
        to += w->width * count;
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
