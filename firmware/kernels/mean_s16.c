#include "mean_s16.h"

#include "mean_walk.h"

static int32_t element(const void *input, int32_t index) {
    return ((const int16_t *)input)[index];
}

/* The zero point of 16-bit tensors is 0. */
static void store(const EDGEKD_FLASH struct edgekd_mean_s8 *p, void *output, int32_t index, int32_t mean) {
    (void)p;
    ((int16_t *)output)[index] = (int16_t)(mean < INT16_MIN ? INT16_MIN : mean > INT16_MAX ? INT16_MAX : mean);
}

void edgekd_mean_s16(const EDGEKD_FLASH struct edgekd_mean_s8 *p, const int16_t *input, int16_t *output) {
    edgekd_mean_walk(p, input, output, element, store);
}
