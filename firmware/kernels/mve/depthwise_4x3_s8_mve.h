/* DEPTHWISE_CONV_2D with a window of up to 4 rows and 3 columns next to each other, int8, depth multiplier 1, MVE. */
#ifndef EDGEKD_DEPTHWISE_4X3_S8_MVE_H
#define EDGEKD_DEPTHWISE_4X3_S8_MVE_H

#include "requantize_mve.h"
#include "window.h"

#define EDGEKD_DEPTHWISE_4X3_SCRATCH_BYTES 272

/* Channels in blocks of 16, filled up. Where a few pixels with all their channels make 16 and neighbours in the output
 * are neighbours in the input, a block is those pixels, its weights and tables repeated for each.
 *
 * In a block channels have the order of the sums: 0 4 8 12, 2 6 10 14, 1 5 9 13, 3 7 11 15.
 * weights: [blocks][16 channels][3 columns][4 rows], filled up with zeros, then 4 bytes more. bias: [blocks][16].
 * scaling: in groups of 16. pixels: of a block.
 */
struct edgekd_depthwise_4x3_s8_mve {
    struct edgekd_window window;
    const int8_t *weights;
    const int32_t *bias;
    struct edgekd_scaling_mve scaling;
    int32_t pixels;
    int32_t input_zero_point;
};

/* Output rows first to last - 1 of one image, see window.h. input, output: [height][width][channels]. scratch:
 * EDGEKD_DEPTHWISE_4X3_SCRATCH_BYTES.
 */
void edgekd_depthwise_4x3_s8_mve(const struct edgekd_depthwise_4x3_s8_mve *p, const int8_t *input, int8_t *output,
                                 void *scratch, int32_t first, int32_t last);

#endif
