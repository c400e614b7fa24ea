/* DEPTHWISE_CONV_2D with 3x3 taps, int8, for the DSP extension. */
#ifndef EDGEKD_DEPTHWISE_3X3_S8_DSP_H
#define EDGEKD_DEPTHWISE_3X3_S8_DSP_H

#include "window.h"

/* window: 3x3 taps, not dilated, stride_x 1 or 2, at least 4 channels. weights: 9 a channel, tap rows 0 to 2 as
 *
 *      w00 w01 w10 w11   w02 w20 w12 w21   w22
 *
 * bias, multiplier, shift: as requantize_dsp.h has them.
 */
struct edgekd_depthwise_3x3_s8_dsp {
    struct edgekd_window window;
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t per_channel;
    int32_t input_zero_point;
    int32_t zero_point; /* of the output */
    int32_t lowest;
    int32_t highest;
};

/* Scratch: for each column of the input that a row of outputs reads, padding included. Stride 1 computes outputs by
 * threes, beyond the last as well.
 */
#define EDGEKD_DEPTHWISE_3X3_COLUMN_BYTES 24

/* Output rows first to last - 1 of one image, see window.h, stride_x 1 or 2. relu: the zero point is the lowest output,
 * so that no result below it needs to be rounded right.
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
