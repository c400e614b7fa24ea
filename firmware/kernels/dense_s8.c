/* Weighted sums of one row, int8.
 *
 * Four outputs a pass: each input is loaded once for four multiplications.
 *
 *      x:   x[0] x[1] x[2] ...           w0 .. w3: four consecutive rows of the weights, depth apart
 *      sum0 += x[k] * w0[k]   sum1 += x[k] * w1[k]   sum2 += x[k] * w2[k]   sum3 += x[k] * w3[k]
 */
#include "dense_s8.h"

#include "requantize.h"

static inline int8_t result(const EDGEKD_FLASH struct edgekd_dense_s8 *p, int32_t channel, uint32_t sum) {
    const int32_t at = channel * p->per_channel;
    const int32_t scaled = edgekd_requantize((int32_t)sum, p->multiplier[at], p->shift[at]);
    return edgekd_offset_clamp_s8(scaled, p->zero_point, p->lowest, p->highest);
}

void edgekd_dense_s8(const EDGEKD_FLASH struct edgekd_dense_s8 *p, const int8_t *x, int8_t *y, int32_t first,
                     int32_t last) {
    const int32_t depth = p->depth;
    int32_t channel = first;
    for (; channel + 4 <= last; channel += 4) {
        const EDGEKD_FLASH int8_t *w0 = p->weights + channel * depth;
        const EDGEKD_FLASH int8_t *w1 = w0 + depth;
        const EDGEKD_FLASH int8_t *w2 = w1 + depth;
        const EDGEKD_FLASH int8_t *w3 = w2 + depth;
        uint32_t sum0 = (uint32_t)p->bias[channel];
        uint32_t sum1 = (uint32_t)p->bias[channel + 1];
        uint32_t sum2 = (uint32_t)p->bias[channel + 2];
        uint32_t sum3 = (uint32_t)p->bias[channel + 3];
        for (int32_t k = 0; k < depth; ++k) {
            const int16_t value = x[k]; /* a product of 8 bits fits AVR's int */
            sum0 += (uint32_t)(value * w0[k]);
            sum1 += (uint32_t)(value * w1[k]);
            sum2 += (uint32_t)(value * w2[k]);
            sum3 += (uint32_t)(value * w3[k]);
        }
        y[channel] = result(p, channel, sum0);
        y[channel + 1] = result(p, channel + 1, sum1);
        y[channel + 2] = result(p, channel + 2, sum2);
        y[channel + 3] = result(p, channel + 3, sum3);
    }
    for (; channel < last; ++channel) {
        const EDGEKD_FLASH int8_t *w = p->weights + channel * depth;
        uint32_t sum = (uint32_t)p->bias[channel];
        for (int32_t k = 0; k < depth; ++k) {
            sum += (uint32_t)(x[k] * w[k]);
        }
        y[channel] = result(p, channel, sum);
    }
}
