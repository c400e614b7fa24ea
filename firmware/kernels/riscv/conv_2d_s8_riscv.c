/* The windows of three or four neighbouring outputs, from one row of the image to the next where it ends, are packed
 * into words, row of taps by row of taps: from the image where it lies there in one piece, otherwise from a copy in
 * which padding is the input's zero point, which the folded bias takes for a zero.
 *
 *      scratch   packed windows: [height][width][channels][2 words]      copies of a row of taps: one for each window
 */
#include "conv_2d_s8_riscv.h"

#include "copy_scalar.h"

enum { ROWS = EDGEKD_PACKED_ROWS_RISCV };

/* A window's upper left tap in the image, and whether no row of its taps leaves the image to the left or right. */
struct place {
    int32_t top;
    int32_t left;
    int32_t within;
};

static struct place place_of(const struct edgekd_window *w, int32_t y, int32_t x) {
    const int32_t left = x * w->stride_x - w->pad_left;
    const struct place place = {
        .top = y * w->stride_y - w->pad_top,
        .left = left,
        .within = left >= 0 && left + (w->width - 1) * w->dilation_x < w->input_width,
    };
    return place;
}

/* Copies a row of taps, `count` channels of each. row: of the image, from the first of these channels on. */
static void copy_taps(const struct edgekd_conv_2d_s8_riscv *p, const int8_t *row, int32_t left, int32_t count,
                      int8_t *to) {
    const struct edgekd_window *const w = &p->window;
    for (int32_t i = 0; i < w->width; ++i) {
        if (left >= 0 && left < w->input_width) {
            edgekd_copy_scalar(to, row + left * w->input_channels, count);
        } else {
            edgekd_fill_scalar(to, p->input_zero_point, count);
        }
        left += w->dilation_x;
        to += count;
    }
}

/* Where row i of the taps of the window at `place` lies in one piece, `count` channels of each: in the image or, if it
 * does not there, in `copy`.
 */
static const int8_t *taps_of(const struct edgekd_conv_2d_s8_riscv *p, const int8_t *input, const struct place *place,
                             int32_t i, int32_t first_channel, int32_t count, int8_t *copy) {
    const struct edgekd_window *const w = &p->window;
    const int32_t y = place->top + i * w->dilation_y;
    if (y < 0 || y >= w->input_height) {
        edgekd_fill_scalar(copy, p->input_zero_point, w->width * count);
        return copy;
    }
    const int8_t *const row = edgekd_input_row(w, input, y) + first_channel;
    if (place->within && w->dilation_x == 1 && p->groups == 1) {
        return row + place->left * count;
    }
    copy_taps(p, row, place->left, count, copy);
    return copy;
}

/* All outputs of ROWS windows. */
static void windows_at(const struct edgekd_conv_2d_s8_riscv *p, const int8_t *input, const struct place places[ROWS],
                       int8_t *const outputs[ROWS], uint32_t *scratch) {
    const struct edgekd_window *const w = &p->window;
    const int32_t inputs = w->input_channels / p->groups;
    const int32_t group_outputs = p->outputs / p->groups;
    const int32_t row_inputs = w->width * inputs;
    int8_t *const copies = (int8_t *)(scratch + 2 * p->sums.depth);
    for (int32_t group = 0; group < p->groups; ++group) {
        uint32_t *to = scratch;
        for (int32_t i = 0; i < w->height; ++i) {
            const int8_t *taps[ROWS];
            for (int32_t row = 0; row < p->sums.rows; ++row) {
                taps[row] = taps_of(p, input, &places[row], i, group * inputs, inputs, copies + row * row_inputs);
            }
            to = edgekd_pack_riscv(&p->sums, to, taps, row_inputs);
        }
        edgekd_packed_sums_riscv(&p->sums, scratch, outputs, group * group_outputs, (group + 1) * group_outputs);
    }
}

void edgekd_conv_2d_s8_riscv(const struct edgekd_conv_2d_s8_riscv *p, const int8_t *input, int8_t *output,
                             void *scratch, int32_t first, int32_t last) {
    const struct edgekd_window *const w = &p->window;
    int32_t y = first;
    int32_t x = 0;
    while (y < last) {
        struct place places[ROWS];
        int8_t *outputs[ROWS];
        for (int32_t row = 0; row < p->sums.rows; ++row) {
            if (y < last) {
                places[row] = place_of(w, y, x);
                outputs[row] = edgekd_output_row(w, output, y, p->outputs) + x * p->outputs;
                if (++x == w->output_width) {
                    x = 0;
                    ++y;
                }
            } else { /* none is left: the last one again */
                places[row] = places[row - 1];
                outputs[row] = outputs[row - 1];
            }
        }
        windows_at(p, input, places, outputs, scratch);
    }
}
