#include "sigmoid_s16.h"

static inline int32_t steps_of(const EDGEKD_FLASH struct edgekd_sigmoid_s16 *p, int16_t x) {
    const int32_t half = p->shift > 0 ? (int32_t)1 << (p->shift - 1) : 0;
    return (x * p->multiplier + half) >> p->shift;
}

/* 2^(16 + bits) times the logistic function of magnitude / 2^bits / 24: between two numbers of the table. */
static inline int32_t logistic_of(const EDGEKD_FLASH struct edgekd_sigmoid_s16 *p, int32_t magnitude, int32_t bits,
                                  int32_t saturated) {
    const int32_t index = magnitude >> bits;
    if (index >= 255) {
        return saturated;
    }
    const int32_t low = p->table[index];
    const int32_t beyond = magnitude & ((1 << bits) - 1);
    return ((low + 32768) << bits) + beyond * (p->table[index + 1] - low);
}

void edgekd_logistic_s16(const EDGEKD_FLASH struct edgekd_sigmoid_s16 *p, const int16_t *input, int16_t *output,
                         int32_t count) {
    for (int32_t i = 0; i < count; ++i) {
        const int32_t x = steps_of(p, input[i]);
        const int32_t y = logistic_of(p, x < 0 ? -x : x, 9, (int32_t)0x7FFF << 10);
        output[i] = (int16_t)((x >= 0 ? y + (1 << 9) : ((int32_t)1 << 25) - y + (1 << 9) - 1) >> 10);
    }
}

/* tanh(x) = 2 * logistic(2 * x) - 1. */
void edgekd_tanh_s16(const EDGEKD_FLASH struct edgekd_sigmoid_s16 *p, const int16_t *input, int16_t *output,
                     int32_t count) {
    for (int32_t i = 0; i < count; ++i) {
        const int32_t x = steps_of(p, input[i]);
        const int32_t y = logistic_of(p, x < 0 ? -x : x, 8, (int32_t)0xFFFF << 8) - ((int32_t)1 << 23);
        output[i] = (int16_t)((x >= 0 ? y + (1 << 7) : -y + (1 << 7) - 1) >> 8);
    }
}
