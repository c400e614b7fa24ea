/* Results that SSAT has within -128 to 127 within narrower limits, where a fused activation has such. */
#ifndef EDGEKD_CLAMP_DSP_H
#define EDGEKD_CLAMP_DSP_H

#include "requantize.h"

static inline void edgekd_clamp_dsp(int8_t *y, int32_t count, int32_t lowest, int32_t highest) {
    if (lowest == INT8_MIN && highest == INT8_MAX) {
        return;
    }
    for (int32_t i = 0; i < count; ++i) {
        y[i] = edgekd_clamp_s8(y[i], lowest, highest);
    }
}

#endif
