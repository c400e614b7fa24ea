/* TRANSPOSE_CONV, int8: the convolution whose stride is in the output. */
#ifndef EDGEKD_TRANSPOSE_CONV_S8_H
#define EDGEKD_TRANSPOSE_CONV_S8_H

#include "flash.h"

#include <stdint.h>

/* Input pixel (y, x) adds to output pixels (y * stride_y - pad_top + i, x * stride_x - pad_left + j), i and j the taps.
 * weights: [outputs][height][width][inputs]. bias: [outputs], without the input's zero point: how many taps meet the
 * image differs from pixel to pixel. multiplier, shift: of output c at [c * per_channel], see requantize.h.
 */
struct edgekd_transpose_conv_s8 {
    int32_t input_height;
    int32_t input_width;
    int32_t inputs;
    int32_t output_height;
    int32_t output_width;
    int32_t outputs;
    int32_t height;
    int32_t width;
    int32_t stride_y;
    int32_t stride_x;
    int32_t pad_top;
    int32_t pad_left;
    const EDGEKD_FLASH int8_t *weights;
    const EDGEKD_FLASH int32_t *bias;
    const EDGEKD_FLASH int32_t *multiplier;
    const EDGEKD_FLASH int8_t *shift;
    int32_t per_channel;
    int32_t input_zero_point;
    int32_t zero_point; /* of the output */
    int32_t lowest;
    int32_t highest;
};

/* One image. */
void edgekd_transpose_conv_s8(const EDGEKD_FLASH struct edgekd_transpose_conv_s8 *p, const int8_t *input,
                              int8_t *output);

#endif
