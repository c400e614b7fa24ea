#include "quantize_f32_s8.h"

#include "requantize.h"

/* x / scale, halves away from zero, within -beyond to beyond; -beyond of what is no number. */
static inline int32_t quantized(float x, float scale, float beyond) {
    float steps = x / scale;
    steps = steps > -beyond ? steps : -beyond;
    steps = steps < beyond ? steps : beyond;
    const int32_t whole = (int32_t)steps;
    const float rest = steps - (float)whole;
    return whole + (rest >= 0.5f) - (rest <= -0.5f);
}

void edgekd_quantize_f32_s8(const EDGEKD_FLASH struct edgekd_quantize_f32_s8 *p, const float *input, int8_t *output) {
    const float beyond = 1000.0f; /* outside int8 whatever the zero point */
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t steps = quantized(input[i], p->scale, beyond);
        output[i] = edgekd_clamp_s8(steps + p->zero_point, INT8_MIN, INT8_MAX);
    }
}

void edgekd_quantize_f32_s16(const EDGEKD_FLASH struct edgekd_quantize_f32_s8 *p, const float *input, int16_t *output) {
    const float beyond = 100000.0f;
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t x = quantized(input[i], p->scale, beyond) + p->zero_point;
        output[i] = (int16_t)(x < INT16_MIN ? INT16_MIN : x > INT16_MAX ? INT16_MAX : x);
    }
}
