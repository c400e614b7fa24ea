#include "mean_s8.h"

#include "mean_walk.h"

static int32_t element(const void *input, int32_t index) {
    return ((const int8_t *)input)[index];
}

static void store(const EDGEKD_FLASH struct edgekd_mean_s8 *p, void *output, int32_t index, int32_t mean) {
    ((int8_t *)output)[index] = edgekd_offset_clamp_s8(mean, p->zero_point, INT8_MIN, INT8_MAX);
}

void edgekd_mean_s8(const EDGEKD_FLASH struct edgekd_mean_s8 *p, const int8_t *input, int8_t *output) {
    edgekd_mean_walk(p, input, output, element, store);
}
