/* DEQUANTIZE to float32. */
#ifndef EDGEKD_DEQUANTIZE_F32_H
#define EDGEKD_DEQUANTIZE_F32_H

#include <stdint.h>

#include "flash.h"

struct edgekd_dequantize_f32 {
    float scale;
    int32_t zero_point;
    int32_t count;
};

/* scale * (input - zero_point): the product is rounded once, as TensorFlow Lite Micro's is from double. */
void edgekd_dequantize_s8_f32(const EDGEKD_FLASH struct edgekd_dequantize_f32 *p, const int8_t *input, float *output);
void edgekd_dequantize_u8_f32(const EDGEKD_FLASH struct edgekd_dequantize_f32 *p, const uint8_t *input, float *output);
void edgekd_dequantize_s16_f32(const EDGEKD_FLASH struct edgekd_dequantize_f32 *p, const int16_t *input, float *output);

#endif
