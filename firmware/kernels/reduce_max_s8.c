#include "reduce_max_s8.h"

#include <stdbool.h>

static inline int8_t extreme_of(const EDGEKD_FLASH struct edgekd_reduce_max_s8 *p, const int8_t *x, bool largest) {
    const EDGEKD_FLASH int32_t *n = &p->reduced[0];
    const EDGEKD_FLASH int32_t *stride = &p->reduced_stride[0];
    int8_t best = *x;
    for (int32_t i = 0; i < n[0]; ++i) {
        for (int32_t j = 0; j < n[1]; ++j) {
            const int8_t *from = x + i * stride[0] + j * stride[1];
            for (int32_t k = 0; k < n[2]; ++k) {
                best = (*from > best) == largest ? *from : best;
                from += stride[2];
            }
        }
    }
    return best;
}

static inline void reduce(const EDGEKD_FLASH struct edgekd_reduce_max_s8 *p, const int8_t *input, int8_t *output,
                          bool largest) {
    const EDGEKD_FLASH int32_t *n = &p->kept[0];
    const EDGEKD_FLASH int32_t *stride = &p->kept_stride[0];
    for (int32_t i = 0; i < n[0]; ++i) {
        for (int32_t j = 0; j < n[1]; ++j) {
            for (int32_t k = 0; k < n[2]; ++k) {
                *output++ = extreme_of(p, input + i * stride[0] + j * stride[1] + k * stride[2], largest);
            }
        }
    }
}

void edgekd_reduce_max_s8(const EDGEKD_FLASH struct edgekd_reduce_max_s8 *p, const int8_t *input, int8_t *output) {
    reduce(p, input, output, true);
}

void edgekd_reduce_min_s8(const EDGEKD_FLASH struct edgekd_reduce_max_s8 *p, const int8_t *input, int8_t *output) {
    reduce(p, input, output, false);
}
