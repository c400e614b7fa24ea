#include "rescale_s16.h"

#include "requantize.h"

static inline int32_t rescaled(const EDGEKD_FLASH struct edgekd_rescale_s16 *p, int32_t x, int32_t lowest,
                               int32_t highest) {
    const int32_t scaled = edgekd_requantize(x - p->input_zero_point, p->multiplier, p->shift);
    const int32_t y = (int32_t)((uint32_t)scaled + (uint32_t)p->zero_point);
    return y < lowest ? lowest : y > highest ? highest : y;
}

void edgekd_rescale_s8_s16(const EDGEKD_FLASH struct edgekd_rescale_s16 *p, const int8_t *input, int16_t *output,
                           int32_t count) {
    for (int32_t i = 0; i < count; ++i) {
        output[i] = (int16_t)rescaled(p, input[i], INT16_MIN, INT16_MAX);
    }
}

void edgekd_rescale_s16_s8(const EDGEKD_FLASH struct edgekd_rescale_s16 *p, const int16_t *input, int8_t *output,
                           int32_t count) {
    for (int32_t i = 0; i < count; ++i) {
        output[i] = (int8_t)rescaled(p, input[i], INT8_MIN, INT8_MAX);
    }
}

void edgekd_rescale_s16_s16(const EDGEKD_FLASH struct edgekd_rescale_s16 *p, const int16_t *input, int16_t *output,
                            int32_t count) {
    for (int32_t i = 0; i < count; ++i) {
        output[i] = (int16_t)rescaled(p, input[i], INT16_MIN, INT16_MAX);
    }
}
