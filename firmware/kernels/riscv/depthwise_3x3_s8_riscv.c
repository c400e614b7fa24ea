/* Depthwise convolutions of 3x3 neighbouring taps, int8, for RISC-V: a channel's nine weights stay in registers while
 * the window slides over a row, so that each column of three inputs is loaded once.
 *
 *      column       a0 a1 a2 a3 ...       done   = next + w2 a + w5 b + w8 c      the pixel whose last column it is
 *                   b0 b1 b2 b3           next   = last + w1 a + w4 b + w7 c      stride 1; behind it one pixel
 *                   c0 c1 c2 c3           last   = bias + w0 a + w3 b + w6 c      and behind that one
 *
 * The rows lie in scratch with their padding, see depthwise_pixels_scalar.h. All channels are requantized the short way
 * (requantize_scalar.h): the compiler sees to it.
 */
#include "depthwise_3x3_s8_riscv.h"

#include "depthwise_pixels_scalar.h"

/* As in sums_scalar.c. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-schedule-insns")
#endif

struct column {
    int32_t a;
    int32_t b;
    int32_t c;
};

/* sum + the products of a column with the weights w[0], w[3] and w[6]. */
EDGEKD_INLINE_SCALAR uint32_t plus(uint32_t sum, struct column x, const int32_t *w) {
    edgekd_add_product_scalar(&sum, x.a, w[0]);
    edgekd_add_product_scalar(&sum, x.b, w[3]);
    edgekd_add_product_scalar(&sum, x.c, w[6]);
    return sum;
}

EDGEKD_INLINE_SCALAR struct column column_at(const int8_t *x, int32_t row_bytes) {
    struct column column;
    column.a = x[0];
    x += row_bytes;
    column.b = x[0];
    x += row_bytes;
    column.c = x[0];
    return column;
}

/* A channel of an output row of `width` pixels. x: the first input of the first row. step: between neighbours. */
EDGEKD_INLINE_SCALAR void channel_of_row(const int8_t *x, int32_t row_bytes, int32_t step, int32_t stride,
                                         const int8_t *weights, uint32_t bias, int32_t multiplier, int32_t shift,
                                         int32_t offset, int8_t *y, int32_t width) {
    const int32_t w[9] = {weights[0], weights[1], weights[2], weights[3], weights[4],
                          weights[5], weights[6], weights[7], weights[8]};
    const int8_t *const end = y + width * step;
    struct column column = column_at(x, row_bytes);
    uint32_t next = plus(bias, column, w);
    uint32_t last = bias;
    if (stride == 1) {
        x += step;
        column = column_at(x, row_bytes);
        next = plus(next, column, w + 1);
        last = plus(bias, column, w);
    }
    for (; y != end; y += step) {
        x += step;
        column = column_at(x, row_bytes);
        if (stride == 2) {
            next = plus(next, column, w + 1);
            x += step;
            column = column_at(x, row_bytes);
        }
        const uint32_t done = plus(next, column, w + 2);
        next = stride == 1 ? plus(last, column, w + 1) : plus(bias, column, w);
        if (stride == 1) {
            last = plus(bias, column, w);
        }
        *y = (int8_t)edgekd_result_scalar((int32_t)done, multiplier, shift, offset);
    }
}

EDGEKD_INLINE_SCALAR void rows_of(const struct edgekd_depthwise_conv_2d_s8_scalar *p, int32_t stride,
                                  const int8_t *input, int8_t *output, int8_t *scratch, int32_t first, int32_t last) {
    const int32_t channels = p->window.input_channels;
    const int32_t width = p->window.output_width;
    const int32_t row_bytes = p->row_width * channels;
    const int32_t odd_zero_point = 2 * p->zero_point + 1;
    const int32_t per_channel = p->per_channel;
    for (int32_t row = first; row < last; ++row) {
        int8_t *const outputs = edgekd_output_row(&p->window, output, row, channels);
        const int8_t *w = p->weights;
        const int32_t *bias = p->bias;
        const int32_t *multiplier = p->multiplier;
        const int8_t *shift = p->shift;
        const int8_t *x = scratch;
        edgekd_depthwise_rows_scalar(p, input, row, scratch);
        for (int8_t *y = outputs; y < outputs + channels; ++y) {
            channel_of_row(x, row_bytes, channels, stride, w, (uint32_t)*bias, *multiplier, *shift,
                           edgekd_offset_scalar(odd_zero_point, *shift), y, width);
            w += 9;
            bias += 1;
            multiplier += per_channel;
            shift += per_channel;
            x += 1;
        }
        edgekd_limit_scalar(outputs, width * channels, p->lowest, p->highest);
    }
}

void edgekd_depthwise_3x3_s8_riscv(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *input,
                                   int8_t *output, void *scratch, int32_t first, int32_t last) {
    rows_of(p, 1, input, output, scratch, first, last);
}

void edgekd_depthwise_3x3_stride_2_s8_riscv(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *input,
                                            int8_t *output, void *scratch, int32_t first, int32_t last) {
    rows_of(p, 2, input, output, scratch, first, last);
}
