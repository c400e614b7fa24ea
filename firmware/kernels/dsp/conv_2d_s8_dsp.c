/* Convolution, int8: the windows of two neighbouring pixels p and q are widened side by side, then treated as two rows
 * of a dense layer. Whole words of each row of a window come first, then what is left of each row. A window of 2 rows
 * of 5 inputs 0 to 4 and 5 to 9:
 *
 *      inputs    p(0,2) q(0,2) p(1,3) q(1,3)   p(5,7) q(5,7) p(6,8) q(6,8)   p(4,-) q(4,-) p(9,-) q(9,-)
 *
 * Windows are read from the image where they lie inside it from left to right, otherwise gathered before. Padding is
 * the input's zero point, which the folded bias takes for a zero.
 *
 *      scratch   inputs, 4 * depth bytes | rests of p, of q | a row of padding | window p | window q
 */
#include "conv_2d_s8_dsp.h"

#include <string.h>

#include "clamp_dsp.h"
#include "widen_dsp.h"

struct scratch {
    int32_t *inputs;
    int8_t *rests;
    int8_t *padding;
    int8_t *windows;
};

static inline struct scratch lay_out(const struct edgekd_conv_2d_s8_dsp *p, void *memory) {
    struct scratch s;
    s.inputs = memory;
    s.rests = (int8_t *)(s.inputs + p->dense.depth);
    s.padding = s.rests + 2 * p->window.height * (p->row_bytes & 3);
    s.windows = s.padding + p->row_bytes;
    return s;
}

static inline int8_t *copy_rest(const int8_t *from, int32_t count, int8_t *to) {
    for (int32_t i = 0; i < count; ++i) {
        *to++ = from[i];
    }
    return to;
}

/* Widens the windows of output pixels x and x + 1 of row y, for one group. */
static void widen_2(const struct edgekd_conv_2d_s8_dsp *p, const struct scratch *s, const int8_t *input, int32_t y,
                    int32_t x, int32_t group) {
    const struct edgekd_window *w = &p->window;
    const int32_t rest = p->row_bytes & 3;
    const int32_t whole = p->row_bytes - rest;
    const int32_t window_bytes = w->height * p->row_bytes;
    const int32_t left = x * w->stride_x - w->pad_left;
    const int inside = p->contiguous && left >= 0 && left + w->stride_x + w->width <= w->input_width;
    if (!inside) {
        const int32_t count = w->input_channels / p->groups;
        edgekd_gather_s8(w, input, y, x, group * count, count, p->input_zero_point, s->windows);
        edgekd_gather_s8(w, input, y, x + 1, group * count, count, p->input_zero_point, s->windows + window_bytes);
    }
    int32_t *to = s->inputs;
    int8_t *rest0 = s->rests;
    int8_t *rest1 = rest0 + w->height * rest;
    int32_t row = y * w->stride_y - w->pad_top;
    for (int32_t i = 0; i < w->height; ++i) {
        const int8_t *p0 = s->padding;
        const int8_t *p1 = s->padding;
        if (!inside) {
            p0 = s->windows + i * p->row_bytes;
            p1 = p0 + window_bytes;
        } else if (row >= 0 && row < w->input_height) {
            p0 = edgekd_input_row(w, input, row) + left * w->input_channels;
            p1 = p0 + w->stride_x * w->input_channels;
        }
        to = edgekd_widen_2_dsp(p0, p1, whole, to);
        rest0 = copy_rest(p0 + whole, rest, rest0);
        rest1 = copy_rest(p1 + whole, rest, rest1);
        row += w->dilation_y;
    }
    edgekd_widen_2_dsp(s->rests, s->rests + w->height * rest, w->height * rest, to);
}

/* Widens the window of one pixel. */
static void widen_1(const struct edgekd_conv_2d_s8_dsp *p, const struct scratch *s, const int8_t *input, int32_t y,
                    int32_t x, int32_t group) {
    const struct edgekd_window *w = &p->window;
    const int32_t rest = p->row_bytes & 3;
    const int32_t whole = p->row_bytes - rest;
    const int32_t count = w->input_channels / p->groups;
    edgekd_gather_s8(w, input, y, x, group * count, count, p->input_zero_point, s->windows);
    const int8_t *from = s->windows;
    int32_t *to = s->inputs;
    int8_t *rests = s->rests;
    for (int32_t i = 0; i < w->height; ++i) {
        to = edgekd_widen_1_dsp(from, whole, to);
        rests = copy_rest(from + whole, rest, rests);
        from += p->row_bytes;
    }
    edgekd_widen_1_dsp(s->rests, w->height * rest, to);
}

void edgekd_conv_2d_s8_dsp(const struct edgekd_conv_2d_s8_dsp *p, const int8_t *input, int8_t *output, void *scratch,
                           int32_t first, int32_t last) {
    const struct edgekd_window *w = &p->window;
    const struct edgekd_dense_s8_dsp *dense = &p->dense;
    const int32_t outputs = p->outputs;
    const int32_t group_outputs = outputs / p->groups;
    const struct scratch s = lay_out(p, scratch);
    memset(s.padding, p->input_zero_point, (size_t)p->row_bytes);
    for (int32_t y = first; y < last; ++y) {
        int8_t *pixel = edgekd_output_row(w, output, y, outputs);
        for (int32_t x = 0; x < w->output_width; x += 2) {
            const int32_t pixels = x + 2 <= w->output_width ? 2 : 1;
            for (int32_t group = 0; group < p->groups; ++group) {
                const int32_t channel = group * group_outputs;
                if (pixels == 2) {
                    widen_2(p, &s, input, y, x, group);
                    edgekd_dense_2_s8_dsp(dense, s.inputs, pixel, outputs, channel, channel + group_outputs);
                } else {
                    widen_1(p, &s, input, y, x, group);
                    edgekd_dense_1_s8_dsp(dense, s.inputs, pixel, channel, channel + group_outputs);
                }
            }
            edgekd_clamp_dsp(pixel, pixels * outputs, dense->lowest, dense->highest);
            pixel += pixels * outputs;
        }
    }
}
