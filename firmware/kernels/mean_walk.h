/* How MEAN and SUM walk their input, whatever its type. Inlined, so that `element` and `store` are too. */
#ifndef EDGEKD_MEAN_WALK_H
#define EDGEKD_MEAN_WALK_H

#include "mean_s8.h"
#include "requantize.h"

/* The element at `index`; stores output `index`, requantized but without the zero point. */
typedef int32_t (*edgekd_mean_element)(const void *input, int32_t index);
typedef void (*edgekd_mean_store)(const EDGEKD_FLASH struct edgekd_mean_s8 *p, void *output, int32_t index,
                                  int32_t mean);

static inline int32_t edgekd_mean_sum(const EDGEKD_FLASH struct edgekd_mean_s8 *p, const void *input, int32_t first,
                                      edgekd_mean_element element) {
    const EDGEKD_FLASH int32_t *n = &p->reduced[0];
    const EDGEKD_FLASH int32_t *stride = &p->reduced_stride[0];
    int32_t sum = 0;
    for (int32_t i = 0; i < n[0]; ++i) {
        for (int32_t j = 0; j < n[1]; ++j) {
            int32_t at = first + i * stride[0] + j * stride[1];
            for (int32_t k = 0; k < n[2]; ++k) {
                sum += element(input, at);
                at += stride[2];
            }
        }
    }
    return sum - p->offset;
}

static inline void edgekd_mean_walk(const EDGEKD_FLASH struct edgekd_mean_s8 *p, const void *input, void *output,
                                    edgekd_mean_element element, edgekd_mean_store store) {
    const EDGEKD_FLASH int32_t *n = &p->kept[0];
    const EDGEKD_FLASH int32_t *stride = &p->kept_stride[0];
    int32_t index = 0;
    for (int32_t i = 0; i < n[0]; ++i) {
        for (int32_t j = 0; j < n[1]; ++j) {
            for (int32_t k = 0; k < n[2]; ++k) {
                const int32_t first = i * stride[0] + j * stride[1] + k * stride[2];
                const int32_t sum = edgekd_mean_sum(p, input, first, element);
                store(p, output, index, edgekd_requantize(sum, p->multiplier, p->shift));
                ++index;
            }
        }
    }
}

#endif
