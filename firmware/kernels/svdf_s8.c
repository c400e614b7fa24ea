#include "svdf_s8.h"

#include "requantize.h"

#include <string.h>

/* What one filter makes of the input, from -limit - 1 to limit. */
static int32_t feature_of(const EDGEKD_FLASH struct edgekd_svdf_s8 *p, int32_t filter, const int8_t *x, int32_t limit) {
    const EDGEKD_FLASH int8_t *w = p->feature + filter * p->inputs;
    int32_t sum = 0;
    for (int32_t i = 0; i < p->inputs; ++i) {
        sum += w[i] * x[i];
    }
    sum = (int32_t)((uint32_t)sum + (uint32_t)p->feature_bias[filter]);
    sum = edgekd_requantize(sum, p->feature_multiplier, p->feature_shift);
    return sum > limit ? limit : sum < -limit - 1 ? -limit - 1 : sum;
}

static int8_t scaled(const EDGEKD_FLASH struct edgekd_svdf_s8 *p, uint32_t sum) {
    const int32_t result = edgekd_requantize((int32_t)sum, p->multiplier, p->shift);
    return edgekd_offset_clamp_s8(result, p->zero_point, INT8_MIN, INT8_MAX);
}

void edgekd_svdf_s8(const EDGEKD_FLASH struct edgekd_svdf_s8 *p, const int8_t *input, int8_t *output, int8_t *state) {
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const EDGEKD_FLASH int8_t *time = p->time;
        for (int32_t unit = 0; unit < p->units; ++unit) {
            uint32_t sum = (uint32_t)p->bias[unit];
            for (int32_t filter = unit * p->rank; filter < (unit + 1) * p->rank; ++filter) {
                memmove(state, state + 1, (size_t)(p->memory - 1));
                state[p->memory - 1] = (int8_t)(p->state_zero_point + feature_of(p, filter, input, INT8_MAX));
                for (int32_t i = 0; i < p->memory; ++i) {
                    sum += (uint32_t)(*time++ * (*state++ - p->state_zero_point));
                }
            }
            *output++ = scaled(p, sum);
        }
        input += p->inputs;
    }
}

void edgekd_svdf_s8_s16(const EDGEKD_FLASH struct edgekd_svdf_s8 *p, const int8_t *input, int8_t *output,
                        int16_t *state) {
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const EDGEKD_FLASH int16_t *time = p->time;
        for (int32_t unit = 0; unit < p->units; ++unit) {
            uint32_t sum = (uint32_t)p->bias[unit];
            for (int32_t filter = unit * p->rank; filter < (unit + 1) * p->rank; ++filter) {
                memmove(state, state + 1, (size_t)(p->memory - 1) * sizeof *state);
                state[p->memory - 1] = (int16_t)(p->state_zero_point + feature_of(p, filter, input, INT16_MAX));
                for (int32_t i = 0; i < p->memory; ++i) {
                    sum += (uint32_t)(*time++ * (*state++ - p->state_zero_point));
                }
            }
            *output++ = scaled(p, sum);
        }
        input += p->inputs;
    }
}
