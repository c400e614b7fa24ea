#include "dequantize_f32.h"

void edgekd_dequantize_s8_f32(const EDGEKD_FLASH struct edgekd_dequantize_f32 *p, const int8_t *input, float *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = p->scale * (float)(input[i] - p->zero_point);
    }
}

void edgekd_dequantize_u8_f32(const EDGEKD_FLASH struct edgekd_dequantize_f32 *p, const uint8_t *input, float *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = p->scale * (float)(input[i] - p->zero_point);
    }
}

void edgekd_dequantize_s16_f32(const EDGEKD_FLASH struct edgekd_dequantize_f32 *p, const int16_t *input,
                               float *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = p->scale * (float)(input[i] - p->zero_point);
    }
}
