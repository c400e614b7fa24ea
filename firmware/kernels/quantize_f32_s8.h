/* QUANTIZE, float32 to int8 or int16. */
#ifndef EDGEKD_QUANTIZE_F32_S8_H
#define EDGEKD_QUANTIZE_F32_S8_H

#include <stdint.h>

#include "flash.h"

struct edgekd_quantize_f32_s8 {
    float scale;
    int32_t zero_point;
    int32_t count;
};

/* round(input / scale) + zero_point, halves away from zero, saturating. Beyond 2^31 steps, where TensorFlow Lite
 * Micro's result is undefined, this saturates as well; a NaN becomes the lowest number.
 */
void edgekd_quantize_f32_s8(const EDGEKD_FLASH struct edgekd_quantize_f32_s8 *p, const float *input, int8_t *output);
void edgekd_quantize_f32_s16(const EDGEKD_FLASH struct edgekd_quantize_f32_s8 *p, const float *input, int16_t *output);

#endif
