#include "quantize_f32_s8.h"

#include "requantize.h"

/* Halves away from zero. steps: within -1000 to 1000. */
static int32_t rounded(float steps) {
    const int32_t whole = (int32_t)steps;
    const float rest = steps - (float)whole;
    return whole + (rest >= 0.5f) - (rest <= -0.5f);
}

void edgekd_quantize_f32_s8(const EDGEKD_FLASH struct edgekd_quantize_f32_s8 *p, const float *input, int8_t *output) {
    const float beyond = 1000.0f; /* outside int8 whatever the zero point */
    for (int32_t i = 0; i < p->count; ++i) {
        float steps = input[i] / p->scale;
        steps = steps > -beyond ? steps : -beyond; /* a NaN too */
        steps = steps < beyond ? steps : beyond;
        output[i] = edgekd_clamp_s8(rounded(steps) + p->zero_point, INT8_MIN, INT8_MAX);
    }
}
