/* Outputs that are weighted sums of one contiguous row of inputs: the heart of FULLY_CONNECTED and CONV_2D. */
#ifndef EDGEKD_DENSE_S8_H
#define EDGEKD_DENSE_S8_H

#include <stdint.h>

#include "flash.h"

/* weights: [outputs][depth].
 * bias: [outputs], the input's zero point already folded in: bias[c] - zero_point * sum(weights[c]), modulo 2^32.
 * multiplier, shift: of output c at [c * per_channel], see requantize.h.
 */
struct edgekd_dense_s8 {
    const EDGEKD_FLASH int8_t *weights;
    const EDGEKD_FLASH int32_t *bias;
    const EDGEKD_FLASH int32_t *multiplier;
    const EDGEKD_FLASH int8_t *shift;
    int32_t per_channel; /* 1, or 0 when all outputs share one multiplier */
    int32_t depth;
    int32_t zero_point; /* of the output */
    int32_t lowest;     /* the fused activation, as limits of the output */
    int32_t highest;
};

/* Outputs first to last - 1 of one row. x: [depth]. y: [outputs]. */
void edgekd_dense_s8(const EDGEKD_FLASH struct edgekd_dense_s8 *p, const int8_t *x, int8_t *y, int32_t first,
                     int32_t last);

#endif
