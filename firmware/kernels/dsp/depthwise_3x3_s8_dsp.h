/* DEPTHWISE_CONV_2D with 3x3 taps, int8, for the DSP extension. */
#ifndef EDGEKD_DEPTHWISE_3X3_S8_DSP_H
#define EDGEKD_DEPTHWISE_3X3_S8_DSP_H

#include "window.h"

/* window: 3x3 taps, not dilated, the same stride in both directions, at least 4 channels.
 * weights: 9 a channel, w00 w01 w10 w11 w02 w20 w12 w21 w22 (row, column).
 * twice_bias, multiplier, shift: one a channel, as requantize_dsp.h has them.
 */
struct edgekd_depthwise_3x3_s8_dsp {
    struct edgekd_window window;
    const int8_t *weights;
    const int32_t *twice_bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t rows; /* of outputs that scratch has room for */
    int32_t input_zero_point;
    int32_t odd_zero_point; /* of the output: 2 zero_point + 1 */
    int32_t lowest;
    int32_t highest;
};

/* Output rows first to last - 1 of one image, see window.h; the function for stride 1 or for stride 2. relu: the
 * output's zero point is its lowest value, so it does not matter how results below it are rounded. scratch: 4 bytes for
 * each pixel, padding included, that `rows` rows of outputs read. Where that is all rows and channels is a multiple of
 * 4, the output may be the input.
 */
void edgekd_depthwise_3x3_stride_1_s8_dsp(const struct edgekd_depthwise_3x3_s8_dsp *p, const int8_t *input,
                                          int8_t *output, void *scratch, int32_t first, int32_t last);
void edgekd_depthwise_3x3_stride_2_s8_dsp(const struct edgekd_depthwise_3x3_s8_dsp *p, const int8_t *input,
                                          int8_t *output, void *scratch, int32_t first, int32_t last);
void edgekd_depthwise_3x3_stride_1_relu_s8_dsp(const struct edgekd_depthwise_3x3_s8_dsp *p, const int8_t *input,
                                               int8_t *output, void *scratch, int32_t first, int32_t last);
void edgekd_depthwise_3x3_stride_2_relu_s8_dsp(const struct edgekd_depthwise_3x3_s8_dsp *p, const int8_t *input,
                                               int8_t *output, void *scratch, int32_t first, int32_t last);

#endif
