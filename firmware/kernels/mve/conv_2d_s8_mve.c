/* Convolution, int8, MVE: windows are gathered into contiguous rows, two at a time, then treated as rows of a dense
 * layer.
 *
 *      scratch:  [row 0 of the window][row 1]...[zeros up to 16]   the same for the next pixel
 *
 * Padding is written as the input's zero point, which the folded bias takes for a zero.
 */
#include "conv_2d_s8_mve.h"

#include <stddef.h>

#include "copy_mve.h"

/* Where the window of one output pixel lies in the image: its first tap, and the taps inside. */
struct place {
    int32_t y;
    int32_t x;
    struct edgekd_taps rows;
    struct edgekd_taps columns;
};

/* Copies channels first to first + count - 1 of the window to `gathered`. */
static void gather(const struct edgekd_window *w, const int8_t *image, const struct place *at, int32_t first,
                   int32_t count, int32_t padding, int8_t *gathered) {
    const int32_t columns = at->columns.last - at->columns.first;
    const int32_t row_bytes = w->width * count;
    const int contiguous = w->dilation_x == 1 && count == w->input_channels;
    if (at->rows.last - at->rows.first < w->height || columns < w->width) {
        edgekd_fill_mve(gathered, padding, w->height * row_bytes);
    }
    const int32_t piece = contiguous ? columns * count : count;
    const int32_t pieces = contiguous ? columns > 0 : columns;
    const int32_t step = w->dilation_x * w->input_channels;
    const int32_t start = (at->x + at->columns.first * w->dilation_x) * w->input_channels + first;
    gathered += at->columns.first * count + at->rows.first * row_bytes;
    for (int32_t i = at->rows.first; i < at->rows.last; ++i) {
        const int8_t *from = edgekd_input_row(w, image, at->y + i * w->dilation_y) + start;
        int8_t *to = gathered;
        for (int32_t j = 0; j < pieces; ++j) {
            edgekd_copy_mve(to, from, piece);
            from += step;
            to += piece;
        }
        gathered += row_bytes;
    }
}

/* The outputs of one group. */
static void convolve(const struct edgekd_conv_2d_s8_mve *p, const int8_t *input, int8_t *output, int8_t *scratch,
                     int32_t group, int32_t first, int32_t last) {
    const struct edgekd_window *w = &p->window;
    const int32_t inputs = w->input_channels / p->groups;
    const int32_t outputs = p->dense.group_outputs * p->groups;
    int8_t *waiting = NULL; /* results of the window that is gathered already */
    for (int32_t y = first; y < last; ++y) {
        int8_t *to = edgekd_output_row(w, output, y, outputs);
        struct place at = {.y = y * w->stride_y - w->pad_top, .x = -w->pad_left};
        at.rows = edgekd_taps_inside(at.y, w->height, w->dilation_y, w->input_height);
        for (int32_t x = 0; x < w->output_width; ++x) {
            at.columns = edgekd_taps_inside(at.x, w->width, w->dilation_x, w->input_width);
            int8_t *window = waiting ? scratch + p->dense.steps * 16 : scratch;
            gather(w, input, &at, group * inputs, inputs, p->input_zero_point, window);
            if (waiting) {
                edgekd_dense_two_rows_s8_mve(&p->dense, scratch, group, waiting, (int32_t)(to - waiting));
                waiting = NULL;
            } else {
                waiting = to;
            }
            at.x += w->stride_x;
            to += outputs;
        }
    }
    if (waiting) {
        edgekd_dense_row_s8_mve(&p->dense, scratch, group, waiting);
    }
}

void edgekd_conv_2d_s8_mve(const struct edgekd_conv_2d_s8_mve *p, const int8_t *input, int8_t *output, void *scratch,
                           int32_t first, int32_t last) {
    edgekd_fill_mve(scratch, 0, 2 * p->dense.steps * 16);
    for (int32_t group = 0; group < p->groups; ++group) {
        convolve(p, input, output, scratch, group, first, last);
    }
}
