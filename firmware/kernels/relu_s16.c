#include "relu_s16.h"

#include "requantize.h"

void edgekd_relu_s16(const EDGEKD_FLASH struct edgekd_relu_s16 *p, const int16_t *input, int16_t *output,
                     int32_t count) {
    for (int32_t i = 0; i < count; ++i) {
        const int32_t x = input[i];
        const int32_t y = x >= 0 ? edgekd_requantize(x, p->multiplier, p->shift)
                                 : p->slope_sign * edgekd_requantize(x, p->slope_multiplier, p->slope_shift);
        output[i] = (int16_t)(y < INT16_MIN ? INT16_MIN : y > p->highest ? p->highest : y);
    }
}
