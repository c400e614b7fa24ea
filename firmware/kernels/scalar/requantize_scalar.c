#include "requantize_scalar.h"

int8_t edgekd_plain_result_scalar(int32_t sum, int32_t multiplier, int32_t shift, int32_t zero_point) {
    const int32_t scaled = edgekd_requantize(sum, multiplier, shift + EDGEKD_PLAIN_SCALAR);
    return edgekd_offset_clamp_s8(scaled, zero_point, INT8_MIN, INT8_MAX);
}

void edgekd_limit_scalar(int8_t *y, int32_t count, int32_t lowest, int32_t highest) {
    if (lowest == INT8_MIN && highest == INT8_MAX) {
        return;
    }
    for (int32_t i = 0; i < count; ++i) {
        y[i] = edgekd_clamp_s8(y[i], lowest, highest);
    }
}
