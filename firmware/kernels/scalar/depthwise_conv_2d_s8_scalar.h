/* DEPTHWISE_CONV_2D, int8, any depth multiplier, for cores without SIMD. */
#ifndef EDGEKD_DEPTHWISE_CONV_2D_S8_SCALAR_H
#define EDGEKD_DEPTHWISE_CONV_2D_S8_SCALAR_H

#include "window.h"

/* weights: [outputs][window height][window width]. Output c reads input channel c / depth_multiplier.
 * bias, multiplier, shift: as in sums_scalar.h.
 * row_width: pixels that the windows of one output row span: (output width - 1) * stride + (width - 1) * dilation + 1.
 */
struct edgekd_depthwise_conv_2d_s8_scalar {
    struct edgekd_window window;
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t depth_multiplier;
    int32_t row_width;
    int8_t input_zero_point;
    int8_t per_channel;
    int8_t zero_point; /* of the output */
    int8_t lowest;
    int8_t highest;
};

/* Output rows first to last - 1 of one image, see window.h. scratch: window height * row_width * channels bytes.
 * 3x3, 3x3_stride_2: for windows of 3x3 neighbouring taps, stride_x 1 or 2, depth_multiplier 1.
 */
void edgekd_depthwise_conv_2d_s8_scalar(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *input,
                                        int8_t *output, void *scratch, int32_t first, int32_t last);
void edgekd_depthwise_3x3_s8_scalar(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *input,
                                    int8_t *output, void *scratch, int32_t first, int32_t last);
void edgekd_depthwise_3x3_stride_2_s8_scalar(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *input,
                                             int8_t *output, void *scratch, int32_t first, int32_t last);

#endif
