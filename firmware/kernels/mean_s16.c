#include "mean_s16.h"

#include "requantize.h"

static int32_t sum_of(const EDGEKD_FLASH struct edgekd_mean_s8 *p, const int16_t *x) {
    const EDGEKD_FLASH int32_t *n = &p->reduced[0];
    const EDGEKD_FLASH int32_t *stride = &p->reduced_stride[0];
    int32_t sum = 0;
    for (int32_t i = 0; i < n[0]; ++i) {
        for (int32_t j = 0; j < n[1]; ++j) {
            const int16_t *from = x + i * stride[0] + j * stride[1];
            for (int32_t k = 0; k < n[2]; ++k) {
                sum += *from;
                from += stride[2];
            }
        }
    }
    return sum - p->offset;
}

void edgekd_mean_s16(const EDGEKD_FLASH struct edgekd_mean_s8 *p, const int16_t *input, int16_t *output) {
    const EDGEKD_FLASH int32_t *n = &p->kept[0];
    const EDGEKD_FLASH int32_t *stride = &p->kept_stride[0];
    for (int32_t i = 0; i < n[0]; ++i) {
        for (int32_t j = 0; j < n[1]; ++j) {
            for (int32_t k = 0; k < n[2]; ++k) {
                const int32_t sum = sum_of(p, input + i * stride[0] + j * stride[1] + k * stride[2]);
                const int32_t mean = edgekd_requantize(sum, p->multiplier, p->shift);
                *output++ = (int16_t)(mean < INT16_MIN ? INT16_MIN : mean > INT16_MAX ? INT16_MAX : mean);
            }
        }
    }
}
