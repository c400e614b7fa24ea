/* What depthwise convolutions share, int8, plain C: four neighbouring pixels of one channel a pass.
 *
 * The rows that the windows of one output row touch are copied to scratch with their padding, so that no window is
 * special:
 *
 *      scratch   [window height][row_width][channels]      padding holds the input's zero point
 *
 * Pixels behind the last four are made one by one.
 */
#ifndef EDGEKD_DEPTHWISE_PIXELS_SCALAR_H
#define EDGEKD_DEPTHWISE_PIXELS_SCALAR_H

#include "depthwise_conv_2d_s8_scalar.h"
#include "requantize_scalar.h"

#define EDGEKD_INLINE_SCALAR static inline __attribute__((always_inline))

enum { PIXELS = 4 };

/* Copies the rows of the windows of output row y, with their padding, to scratch. */
void edgekd_depthwise_rows_scalar(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *input, int32_t y,
                                  int8_t *to);

/* All outputs of one pixel, or of PIXELS neighbours. x: the first tap of the first pixel's window in scratch. */
typedef void edgekd_depthwise_pixels_scalar(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *x,
                                            int8_t *y);

/* The kernel that makes pixels with `four` and `one`. */
void edgekd_depthwise_walk_scalar(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *input,
                                  int8_t *output, void *scratch, int32_t first, int32_t last,
                                  edgekd_depthwise_pixels_scalar *four, edgekd_depthwise_pixels_scalar *one);

/* sum + x * w, product by product: see sums_scalar.c. */
EDGEKD_INLINE_SCALAR void edgekd_add_product_scalar(uint32_t *sum, int32_t x, int32_t w) {
    *sum += (uint32_t)(x * w);
    __asm__("" : "+r"(*sum));
}

/* The results of one output of one pixel or of PIXELS neighbours. */
EDGEKD_INLINE_SCALAR void edgekd_depthwise_finish_scalar(const struct edgekd_depthwise_conv_2d_s8_scalar *p,
                                                         int32_t output, int32_t pixels, const uint32_t sums[PIXELS],
                                                         int8_t *y, int32_t step) {
    const int32_t channel = output * p->per_channel;
    const int32_t multiplier = p->multiplier[channel];
    const int32_t shift = p->shift[channel];
    if (shift > 0) {
        const int32_t offset = edgekd_offset_scalar(2 * p->zero_point + 1, shift);
        y[0] = (int8_t)edgekd_result_scalar((int32_t)sums[0], multiplier, shift, offset);
        if (pixels == PIXELS) {
            y[step] = (int8_t)edgekd_result_scalar((int32_t)sums[1], multiplier, shift, offset);
            y[2 * step] = (int8_t)edgekd_result_scalar((int32_t)sums[2], multiplier, shift, offset);
            y[3 * step] = (int8_t)edgekd_result_scalar((int32_t)sums[3], multiplier, shift, offset);
        }
    } else {
        const uint32_t kept[PIXELS] = {sums[0], sums[1], sums[2], sums[3]}; /* so that only these are in memory */
        for (int32_t i = 0; i < pixels; ++i) {
            y[i * step] = edgekd_plain_result_scalar((int32_t)kept[i], multiplier, shift, p->zero_point);
        }
    }
}

#endif
