#include "prelu_s8.h"

#include "requantize.h"

static inline void row(const EDGEKD_FLASH void *parameters, const void *input, int32_t input_stride, const void *slopes,
                       int32_t slope_stride, void *result, int32_t count) {
    const EDGEKD_FLASH struct edgekd_prelu_s8 *p = parameters;
    const int8_t *x = input;
    const int8_t *slope = slopes;
    int8_t *output = result;
    for (int32_t i = 0; i < count; ++i) {
        const int32_t value = *x - p->input_zero_point;
        const int32_t scaled =
            value >= 0 ? edgekd_requantize(value, p->multiplier, p->shift)
                       : edgekd_requantize(value * (*slope - p->slope_zero_point), p->slope_multiplier, p->slope_shift);
        output[i] = edgekd_offset_clamp_s8(scaled, p->zero_point, INT8_MIN, INT8_MAX);
        x += input_stride;
        slope += slope_stride;
    }
}

void edgekd_prelu_s8(const EDGEKD_FLASH struct edgekd_prelu_s8 *p, const int8_t *input, const int8_t *slopes,
                     int8_t *output) {
    edgekd_broadcast_rows(&p->walk, p, input, 1, slopes, 1, output, 1, row);
}
