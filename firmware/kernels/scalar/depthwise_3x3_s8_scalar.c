/* Windows of 3x3 neighbouring taps: each input of a row is loaded once, at stride 1 six for four pixels,
 *
 *      x0 x1 x2 x3 x4 x5       sum0 += w0 x0 + w1 x1 + w2 x2      sum1 += w0 x1 + w1 x2 + w2 x3   ...
 *
 * and at stride 2 nine.
 */
#include "depthwise_pixels_scalar.h"

/* As in sums_scalar.c: 10 % fewer instructions on RV32. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-schedule-insns")
#endif

/* A row of three neighbouring taps. x: the first input, the others step apart. stride: 1 or 2. */
EDGEKD_INLINE_SCALAR void add_three_taps(uint32_t sums[PIXELS], int32_t pixels, int32_t stride, const int8_t *x,
                                         int32_t step, const int8_t *w) {
    const int32_t w0 = w[0];
    const int32_t w1 = w[1];
    const int32_t w2 = w[2];
    if (pixels == 1) {
        edgekd_add_product_scalar(&sums[0], x[0], w0);
        edgekd_add_product_scalar(&sums[0], x[step], w1);
        edgekd_add_product_scalar(&sums[0], x[2 * step], w2);
    } else if (stride == 1) {
        const int8_t *const right = x + 3 * step;
        edgekd_add_product_scalar(&sums[0], x[0], w0);
        const int32_t x1 = x[step];
        edgekd_add_product_scalar(&sums[0], x1, w1);
        edgekd_add_product_scalar(&sums[1], x1, w0);
        const int32_t x2 = x[2 * step];
        edgekd_add_product_scalar(&sums[0], x2, w2);
        edgekd_add_product_scalar(&sums[1], x2, w1);
        edgekd_add_product_scalar(&sums[2], x2, w0);
        const int32_t x3 = right[0];
        edgekd_add_product_scalar(&sums[1], x3, w2);
        edgekd_add_product_scalar(&sums[2], x3, w1);
        edgekd_add_product_scalar(&sums[3], x3, w0);
        const int32_t x4 = right[step];
        edgekd_add_product_scalar(&sums[2], x4, w2);
        edgekd_add_product_scalar(&sums[3], x4, w1);
        edgekd_add_product_scalar(&sums[3], right[2 * step], w2);
    } else {
        const int8_t *const right = x + 4 * step;
        edgekd_add_product_scalar(&sums[0], x[0], w0);
        edgekd_add_product_scalar(&sums[0], x[step], w1);
        const int32_t x2 = x[2 * step];
        edgekd_add_product_scalar(&sums[0], x2, w2);
        edgekd_add_product_scalar(&sums[1], x2, w0);
        edgekd_add_product_scalar(&sums[1], (x + step)[2 * step], w1);
        const int32_t x4 = right[0];
        edgekd_add_product_scalar(&sums[1], x4, w2);
        edgekd_add_product_scalar(&sums[2], x4, w0);
        edgekd_add_product_scalar(&sums[2], right[step], w1);
        const int32_t x6 = right[2 * step];
        edgekd_add_product_scalar(&sums[2], x6, w2);
        edgekd_add_product_scalar(&sums[3], x6, w0);
        edgekd_add_product_scalar(&sums[3], (right + step)[2 * step], w1);
        edgekd_add_product_scalar(&sums[3], right[4 * step], w2);
    }
}

EDGEKD_INLINE_SCALAR void pixels_at(const struct edgekd_depthwise_conv_2d_s8_scalar *p, int32_t pixels, int32_t stride,
                                    const int8_t *x, int8_t *y) {
    const int32_t channels = p->window.input_channels;
    const int32_t row_bytes = p->row_width * channels;
    const int8_t *w = p->weights;
    for (int32_t channel = 0; channel < channels; ++channel) {
        uint32_t sums[PIXELS];
        sums[0] = sums[1] = sums[2] = sums[3] = (uint32_t)p->bias[channel];
        const int8_t *const row = x + channel;
        add_three_taps(sums, pixels, stride, row, channels, w);
        add_three_taps(sums, pixels, stride, row + row_bytes, channels, w + 3);
        add_three_taps(sums, pixels, stride, row + 2 * row_bytes, channels, w + 6);
        w += 9;
        edgekd_depthwise_finish_scalar(p, channel, pixels, sums, y + channel, channels);
    }
}

static void four_pixels(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *x, int8_t *y) {
    pixels_at(p, PIXELS, 1, x, y);
}

static void four_pixels_2(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *x, int8_t *y) {
    pixels_at(p, PIXELS, 2, x, y);
}

static void one_pixel(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *x, int8_t *y) {
    pixels_at(p, 1, 1, x, y);
}

void edgekd_depthwise_3x3_s8_scalar(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *input,
                                    int8_t *output, void *scratch, int32_t first, int32_t last) {
    edgekd_depthwise_walk_scalar(p, input, output, scratch, first, last, four_pixels, one_pixel);
}

void edgekd_depthwise_3x3_stride_2_s8_scalar(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *input,
                                             int8_t *output, void *scratch, int32_t first, int32_t last) {
    edgekd_depthwise_walk_scalar(p, input, output, scratch, first, last, four_pixels_2, one_pixel);
}
