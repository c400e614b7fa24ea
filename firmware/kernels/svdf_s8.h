/* SVDF, int8, a layer with a memory: every filter weighs the input of now (feature), keeps the last results of that in
 * the state, and weighs those (time). `rank` filters make one unit.
 *
 *     state    [batches][units * rank][memory], the oldest result first
 */
#ifndef EDGEKD_SVDF_S8_H
#define EDGEKD_SVDF_S8_H

#include <stdint.h>

#include "flash.h"

/* feature: [units * rank][inputs]. feature_bias: [units * rank], what the input's zero point makes of the weights.
 * time: [units * rank][memory], of the state's type. bias: [units].
 */
struct edgekd_svdf_s8 {
    const EDGEKD_FLASH int8_t *feature;
    const EDGEKD_FLASH int32_t *feature_bias;
    const EDGEKD_FLASH void *time;
    const EDGEKD_FLASH int32_t *bias;
    int32_t batches;
    int32_t inputs;
    int32_t units;
    int32_t rank;
    int32_t memory;
    int32_t feature_multiplier; /* to the state's scale */
    int32_t feature_shift;
    int32_t state_zero_point;
    int32_t multiplier;
    int32_t shift;
    int32_t zero_point; /* of the output */
};

/* input: [batches][inputs]. output: [batches][units]. */
void edgekd_svdf_s8(const EDGEKD_FLASH struct edgekd_svdf_s8 *p, const int8_t *input, int8_t *output, int8_t *state);
void edgekd_svdf_s8_s16(const EDGEKD_FLASH struct edgekd_svdf_s8 *p, const int8_t *input, int8_t *output,
                        int16_t *state);

#endif
