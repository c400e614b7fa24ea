/* DEPTHWISE_CONV_2D of any window, int8, any depth multiplier, for the DSP extension. */
#ifndef EDGEKD_DEPTHWISE_CONV_2D_S8_DSP_H
#define EDGEKD_DEPTHWISE_CONV_2D_S8_DSP_H

#include "window.h"

/* window: not dilated along x, or moved by one pixel along x.
 * weights: of an output, which reads input channel output / depth_multiplier, [window height][pairs], a row of an odd
 * number of taps ending with one of 0; two pairs (a b), (c d) in the bytes a c b d of a word, the last one with 0 0 if
 * need be.
 * bias, multiplier, shift: one an output, as requantize_dsp.h has them.
 * rows: of outputs that scratch has room for, 1 when dilated along y. row_pixels: that a row of the plane in scratch
 * has.
 */
struct edgekd_depthwise_conv_2d_s8_dsp {
    struct edgekd_window window;
    const int32_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t depth_multiplier;
    int32_t rows;
    int32_t row_pixels;
    int32_t input_zero_point;
    int32_t odd_zero_point; /* of the output: 2 zero_point + 1 */
    int32_t lowest;
    int32_t highest;
};

/* Output rows first to last - 1 of one image, see window.h: windows of any width, and those of 3 or 4, or of 5 or 6
 * taps that are moved by one or two pixels.
 * scratch: 4 bytes for each of an output's pairs; 2 bytes for each pixel of the rows that `rows` rows of outputs
 * read, and 2 more.
 */
void edgekd_depthwise_conv_2d_s8_dsp(const struct edgekd_depthwise_conv_2d_s8_dsp *p, const int8_t *input,
                                     int8_t *output, void *scratch, int32_t first, int32_t last);
void edgekd_depthwise_3_wide_s8_dsp(const struct edgekd_depthwise_conv_2d_s8_dsp *p, const int8_t *input,
                                    int8_t *output, void *scratch, int32_t first, int32_t last);
void edgekd_depthwise_3_wide_stride_2_s8_dsp(const struct edgekd_depthwise_conv_2d_s8_dsp *p, const int8_t *input,
                                             int8_t *output, void *scratch, int32_t first, int32_t last);
void edgekd_depthwise_5_wide_s8_dsp(const struct edgekd_depthwise_conv_2d_s8_dsp *p, const int8_t *input,
                                    int8_t *output, void *scratch, int32_t first, int32_t last);
void edgekd_depthwise_5_wide_stride_2_s8_dsp(const struct edgekd_depthwise_conv_2d_s8_dsp *p, const int8_t *input,
                                             int8_t *output, void *scratch, int32_t first, int32_t last);

#endif
