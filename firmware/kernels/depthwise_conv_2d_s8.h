/* DEPTHWISE_CONV_2D, int8, any depth multiplier. */
#ifndef EDGEKD_DEPTHWISE_CONV_2D_S8_H
#define EDGEKD_DEPTHWISE_CONV_2D_S8_H

#include "window.h"

/* weights: [window height][window width][outputs]. Output c reads input channel c / depth_multiplier.
 * bias, multiplier, shift: as in dense_s8.h.
 */
struct edgekd_depthwise_conv_2d_s8 {
    struct edgekd_window window;
    const EDGEKD_FLASH int8_t *weights;
    const EDGEKD_FLASH int32_t *bias;
    const EDGEKD_FLASH int32_t *multiplier;
    const EDGEKD_FLASH int8_t *shift;
    int32_t per_channel;
    int32_t depth_multiplier;
    int32_t input_zero_point;
    int32_t zero_point; /* of the output */
    int32_t lowest;
    int32_t highest;
};

/* Output rows first to last - 1 of one image, see window.h. input: [height][width][channels]. output: [height][width]
 * [channels * depth_multiplier]. scratch: window height * width * channels bytes.
 */
void edgekd_depthwise_conv_2d_s8(const EDGEKD_FLASH struct edgekd_depthwise_conv_2d_s8 *p, const int8_t *input,
                                 int8_t *output, void *scratch, int32_t first, int32_t last);

#endif
