/* Weighted sums of 16-bit inputs with 8-bit weights: 64-bit sums, scaled with 16 bits of the multiplier. */
#ifndef EDGEKD_SUMS_S16_H
#define EDGEKD_SUMS_S16_H

#include "flash.h"

#include <stdint.h>

/* weights: of output c one after the other. bias: [outputs]. multiplier, shift: of output c at [c * per_channel]; a
 * result is sum * multiplier / 2^shift. Zero points are 0.
 */
struct edgekd_sums_s16 {
    const EDGEKD_FLASH int8_t *weights;
    const EDGEKD_FLASH int64_t *bias;
    const EDGEKD_FLASH int16_t *multiplier;
    const EDGEKD_FLASH int8_t *shift; /* 8 to 46 */
    int32_t per_channel;              /* 1, or 0 when all outputs share one multiplier */
    int32_t lowest;                   /* the fused activation */
    int32_t highest;
};

/* sum: below 2^47. */
static inline int16_t edgekd_scaled_s16(const EDGEKD_FLASH struct edgekd_sums_s16 *p, int32_t output, int64_t sum) {
    const int32_t shift = p->shift[output * p->per_channel];
    const int64_t product = sum * p->multiplier[output * p->per_channel];
    const int32_t x = (int32_t)((product + ((int64_t)1 << (shift - 1))) >> shift);
    return (int16_t)(x < p->lowest ? p->lowest : x > p->highest ? p->highest : x);
}

#endif
