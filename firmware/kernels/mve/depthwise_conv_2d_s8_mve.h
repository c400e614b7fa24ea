/* DEPTHWISE_CONV_2D, int8, depth multiplier 1, MVE. */
#ifndef EDGEKD_DEPTHWISE_CONV_2D_S8_MVE_H
#define EDGEKD_DEPTHWISE_CONV_2D_S8_MVE_H

#include "requantize_mve.h"
#include "window.h"

/* Channels in blocks of 16, filled up. Where a few pixels with all their channels make 16 and neighbours in the output
 * are neighbours in the input, a block is those pixels, its weights and tables repeated for each.
 *
 * weights: [blocks][taps, an even number][16]; the products of taps 2i and 2i + 1 together fit 16 bits.
 * bias: [blocks][16]; scaling: in groups of 16. Both have channels in the order 0 4 8 12, 2 6 10 14, 1 5 9 13, 3 7
 * 11 15. pixels: of a block.
 */
struct edgekd_depthwise_conv_2d_s8_mve {
    struct edgekd_window window;
    const int8_t *weights;
    const int32_t *bias;
    struct edgekd_scaling_mve scaling;
    int32_t pairs; /* of taps */
    int32_t pixels;
    int32_t input_zero_point;
};

/* Output rows first to last - 1 of one image, see window.h. input, output: [height][width][channels]. scratch: 2 *
 * pairs pointers, then a byte for each channel, rounded up to 16.
 */
void edgekd_depthwise_conv_2d_s8_mve(const struct edgekd_depthwise_conv_2d_s8_mve *p, const int8_t *input,
                                     int8_t *output, void *scratch, int32_t first, int32_t last);

#endif
