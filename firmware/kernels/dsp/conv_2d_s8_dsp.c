/* Convolution, int8: the windows of two neighbouring pixels p and q are widened side by side, then treated as two rows
 * of a dense layer. Whole words of each row of a window come first, then what is left of each row. A window of 2 rows
 * of 5 inputs 0 to 4 and 5 to 9:
 *
 *      inputs    p(0,2) q(0,2) p(1,3) q(1,3)   p(5,7) q(5,7) p(6,8) q(6,8)   p(4,-) q(4,-) p(9,-) q(9,-)
 *
 * A row of a window is read from the image where it is contiguous there, otherwise gathered before. Padding is the
 * input's zero point, which the folded bias takes for a zero.
 *
 *      scratch   inputs, 4 * depth bytes | rests of p | rests of q | a row of p | a row of q
 */
#include "conv_2d_s8_dsp.h"

#include <string.h>

#include "clamp_dsp.h"
#include "widen_dsp.h"

/* What windows are made of and where they go. */
struct widening {
    int32_t whole; /* bytes of a row of a window in whole words */
    int32_t rest;  /* and the others */
    int32_t rests; /* of all rows of a window, filled up to whole words */
    int32_t step;  /* bytes from one row of a window to the next, in a ring of rows */
    int32_t ring;
    const int8_t *ring_end;
    int32_t *inputs;
    int32_t *to; /* where the next inputs go */
    int8_t *rest_to;
};

/* A row of the output: its windows have rows above the image, inside and below. image: the first one inside. */
struct row {
    const int8_t *image;
    int32_t above;
    int32_t inside;
    int32_t below;
};

static inline struct widening begin(const struct edgekd_conv_2d_s8_dsp *p, const int8_t *input, void *scratch) {
    const struct edgekd_window *w = &p->window;
    const int32_t image_row = w->input_width * w->input_channels;
    struct widening s;
    s.rest = p->row_bytes & 3;
    s.whole = p->row_bytes - s.rest;
    s.rests = (w->height * s.rest + 3) & ~3;
    s.step = w->dilation_y * image_row;
    s.ring = w->input_rows * image_row;
    s.ring_end = input + s.ring;
    s.inputs = scratch;
    s.to = s.inputs;
    s.rest_to = (int8_t *)(s.inputs + p->dense.depth);
    return s;
}

static inline struct row begin_row(const struct edgekd_window *w, const int8_t *input, int32_t y) {
    const int32_t origin = y * w->stride_y - w->pad_top;
    const struct edgekd_taps taps = edgekd_taps_inside(origin, w->height, w->dilation_y, w->input_height);
    const int8_t *image = edgekd_input_row(w, input, origin + taps.first * w->dilation_y);
    return (struct row){image, taps.first, taps.last - taps.first, w->height - taps.last};
}

/* `rows` rows of two windows; those of q lie `next` bytes behind those of p. */
static __attribute__((noinline)) void widen_rows(struct widening *s, const int8_t *p, int32_t next, int32_t rows) {
    int32_t *to = s->to;
    int8_t *rest_to = s->rest_to;
    for (; rows > 0; --rows) {
        const int8_t *from = p;
        for (const int8_t *end = p + s->whole; from != end; from += 4) {
            to = edgekd_widen_word_dsp(edgekd_load_4_dsp(from), edgekd_load_4_dsp(from + next), to);
        }
        for (int32_t i = s->rest; i > 0; --i) {
            rest_to[s->rests] = from[next];
            *rest_to++ = *from++;
        }
        p += s->step;
        p -= p >= s->ring_end ? s->ring : 0;
    }
    s->to = to;
    s->rest_to = rest_to;
}

/* Rows of padding. */
static void widen_padding(struct widening *s, int32_t zero_point, int32_t rows) {
    const int32_t two = (int32_t)((uint32_t)zero_point << 16 | (uint16_t)zero_point);
    for (int32_t i = rows * s->whole; i > 0; i -= 2) {
        edgekd_store_dsp(&s->to, two, two);
    }
    for (int32_t i = rows * s->rest; i > 0; --i) {
        s->rest_to[s->rests] = (int8_t)zero_point;
        *s->rest_to++ = (int8_t)zero_point;
    }
}

/* The taps of a row of a window that lie inside the image, from column `left` on; `to` holds padding already. */
static void gather(const struct edgekd_conv_2d_s8_dsp *p, const int8_t *image, int32_t left, struct edgekd_taps taps,
                   int8_t *to) {
    const struct edgekd_window *w = &p->window;
    const int32_t together = p->contiguous ? taps.last - taps.first : 1; /* taps */
    for (int32_t i = taps.first; i < taps.last; i += together) {
        const int8_t *from = image + (left + i * w->dilation_x) * w->input_channels;
        int8_t *tap = to + i * p->group_inputs;
        int32_t count = together * p->group_inputs;
        for (; count >= 4; count -= 4) {
            memcpy(tap, from, 4);
            from += 4;
            tap += 4;
        }
        for (; count > 0; --count) {
            *tap++ = *from++;
        }
    }
}

/* Rows of two windows that are not contiguous in the image, or reach beyond its left or right. */
static void widen_gathered(const struct edgekd_conv_2d_s8_dsp *p, struct widening *s, const struct row *row,
                           int32_t left, int32_t next, int32_t channel) {
    const struct edgekd_window *w = &p->window;
    const struct edgekd_taps taps0 = edgekd_taps_inside(left, w->width, w->dilation_x, w->input_width);
    const struct edgekd_taps taps1 = edgekd_taps_inside(left + next, w->width, w->dilation_x, w->input_width);
    int8_t *const row0 = (int8_t *)(s->inputs + p->dense.depth) + 2 * s->rests;
    int8_t *const row1 = row0 + p->row_bytes;
    const int8_t *image = row->image;
    memset(row0, p->input_zero_point, (size_t)(2 * p->row_bytes));
    for (int32_t i = 0; i < row->inside; ++i) {
        gather(p, image + channel, left, taps0, row0);
        if (next != 0) {
            gather(p, image + channel, left + next, taps1, row1);
        }
        widen_rows(s, row0, p->row_bytes, 1);
        image += s->step;
        image -= image >= s->ring_end ? s->ring : 0;
    }
}

/* The windows of two output pixels; their first taps are the columns `left` and left + next. */
static void widen(const struct edgekd_conv_2d_s8_dsp *p, struct widening *s, const struct row *row, int32_t left,
                  int32_t next, int32_t channel) {
    const struct edgekd_window *w = &p->window;
    int8_t *const rests = (int8_t *)(s->inputs + p->dense.depth);
    s->to = s->inputs;
    s->rest_to = rests;
    if (row->above > 0) {
        widen_padding(s, p->input_zero_point, row->above);
    }
    if (p->contiguous && left >= 0 && left + next + w->width <= w->input_width) {
        widen_rows(s, row->image + left * w->input_channels, next * w->input_channels, row->inside);
    } else {
        widen_gathered(p, s, row, left, next, channel);
    }
    if (row->below > 0) {
        widen_padding(s, p->input_zero_point, row->below);
    }
    for (int32_t i = 0; i < s->rests; i += 4) {
        s->to = edgekd_widen_word_dsp(edgekd_load_4_dsp(rests + i), edgekd_load_4_dsp(rests + s->rests + i), s->to);
    }
}

/* Leaves the first of two windows, as one row of inputs. */
static void keep_first(int32_t *inputs, int32_t depth) {
    for (int32_t i = 1; i < depth / 2; ++i) {
        inputs[i] = inputs[2 * i];
    }
}

void edgekd_conv_2d_s8_dsp(const struct edgekd_conv_2d_s8_dsp *p, const int8_t *input, int8_t *output, void *scratch,
                           int32_t first, int32_t last) {
    const struct edgekd_window *w = &p->window;
    const struct edgekd_dense_s8_dsp *dense = &p->dense;
    const int32_t outputs = p->outputs;
    struct widening s = begin(p, input, scratch);
    for (int32_t y = first; y < last; ++y) {
        const struct row row = begin_row(w, input, y);
        int8_t *pixel = edgekd_output_row(w, output, y, outputs);
        int32_t left = -w->pad_left;
        for (int32_t x = w->output_width; x > 0; x -= 2) {
            const int32_t next = x > 1 ? w->stride_x : 0; /* the last pixel may be alone */
            for (int32_t done = 0, channel = 0; done < outputs; done += p->group_outputs) {
                widen(p, &s, &row, left, next, channel);
                if (x > 1) {
                    edgekd_dense_2_s8_dsp(dense, s.inputs, pixel, outputs, done, done + p->group_outputs);
                } else {
                    keep_first(s.inputs, dense->depth);
                    edgekd_dense_1_s8_dsp(dense, s.inputs, pixel, done, done + p->group_outputs);
                }
                channel += p->group_inputs;
            }
            edgekd_clamp_dsp(pixel, x > 1 ? 2 * outputs : outputs, dense->lowest, dense->highest);
            pixel += 2 * outputs;
            left += 2 * w->stride_x;
        }
    }
}
