/* Convolution, int8, MVE: windows are gathered into contiguous rows, two at a time, then treated as rows of a dense
 * layer.
 *
 *      scratch:  [row 0 of the window][row 1]...[zeros up to 16]   the same for the next pixel   [pointers to rows]
 *
 * Padding is written as the input's zero point, which the folded bias takes for a zero. Where the rows of the image
 * begin is found once for all pixels of an output row.
 */
#include "conv_2d_s8_mve.h"

#include <stddef.h>

#include "copy_mve.h"

/* What a window is gathered from: `count` channels, from `rows`, pointers to image rows; taps outside are NULL. */
struct source {
    const struct edgekd_window *window;
    const int8_t **rows;
    struct edgekd_taps inside; /* of the rows */
    int32_t count;
    int32_t padding;
};

/* The window whose column 0 is column `left` of the image. */
static void gather(const struct source *s, int32_t left, int8_t *to) {
    const struct edgekd_window *w = s->window;
    struct edgekd_taps columns = {0, w->width};
    if (left < 0 || left + (w->width - 1) * w->dilation_x >= w->input_width) {
        columns = edgekd_taps_inside(left, w->width, w->dilation_x, w->input_width);
    }
    const int32_t count = s->count;
    const int32_t row_bytes = w->width * count;
    const int32_t taps = columns.last - columns.first;
    if (taps < w->width || s->inside.last - s->inside.first < w->height) {
        edgekd_fill_mve(to, s->padding, w->height * row_bytes);
    }
    const int32_t step = w->dilation_x * w->input_channels;
    const int32_t offset = left * w->input_channels + columns.first * step;
    to += s->inside.first * row_bytes + columns.first * count;
    for (int32_t i = s->inside.first; i < s->inside.last; ++i) {
        const int8_t *from = s->rows[i] + offset;
        if (step == count) {
            edgekd_copy_mve(to, from, taps * count);
        } else {
            for (int32_t j = 0; j < taps; ++j) {
                edgekd_copy_mve(to + j * count, from + j * step, count);
            }
        }
        to += row_bytes;
    }
}

/* Output rows first to last - 1 of one group: `channel` is its first input, `outputs` its first output's place in a
 * pixel of `step`.
 */
static void convolve(const struct edgekd_dense_s8_mve *dense, struct source *s, const int8_t *input, int32_t channel,
                     int8_t *output, int32_t step, int8_t *scratch, int32_t first, int32_t last) {
    const struct edgekd_window *w = s->window;
    int8_t *waiting = NULL; /* results of the window that is gathered already */
    for (int32_t y = first; y < last; ++y) {
        const int32_t top = y * w->stride_y - w->pad_top;
        s->inside = edgekd_taps_inside(top, w->height, w->dilation_y, w->input_height);
        for (int32_t i = s->inside.first; i < s->inside.last; ++i) {
            s->rows[i] = edgekd_input_row(w, input, top + i * w->dilation_y) + channel;
        }
        int8_t *to = edgekd_output_row(w, output, y, step);
        int32_t left = -w->pad_left;
        for (int32_t x = w->output_width; x > 0; --x) {
            if (waiting) {
                gather(s, left, scratch + dense->steps * 16);
                edgekd_dense_two_rows_s8_mve(dense, scratch, waiting, (int32_t)(to - waiting));
                waiting = NULL;
            } else {
                gather(s, left, scratch);
                waiting = to;
            }
            left += w->stride_x;
            to += step;
        }
    }
    if (waiting) {
        edgekd_dense_row_s8_mve(dense, scratch, waiting);
    }
}

void edgekd_conv_2d_s8_mve(const struct edgekd_conv_2d_s8_mve *p, const int8_t *input, int8_t *output, void *scratch,
                           int32_t first, int32_t last) {
    const int32_t window_bytes = p->dense.steps * 16;
    struct edgekd_dense_s8_mve dense = p->dense;
    struct source source = {.window = &p->window,
                            .rows = (const int8_t **)((int8_t *)scratch + 2 * window_bytes),
                            .count = p->window.input_channels / p->groups,
                            .padding = p->input_zero_point};
    const int32_t quads = (dense.outputs + 3) / 4;
    edgekd_fill_mve(scratch, 0, 2 * window_bytes);
    for (int32_t group = 0; group < p->groups; ++group) {
        convolve(&dense, &source, input, group * source.count, output + group * dense.outputs,
                 p->groups * dense.outputs, scratch, first, last);
        dense.weights += quads * 4 * window_bytes;
        dense.bias += quads * 4;
        dense.scaling.factors += quads * dense.scaling.step;
    }
}
