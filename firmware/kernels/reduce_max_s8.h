/* REDUCE_MAX and REDUCE_MIN over any axes, int8. */
#ifndef EDGEKD_REDUCE_MAX_S8_H
#define EDGEKD_REDUCE_MAX_S8_H

#include <stdint.h>

#include "flash.h"

#define EDGEKD_REDUCE_AXES 3

/* Axes as in struct edgekd_mean_s8. */
struct edgekd_reduce_max_s8 {
    int32_t kept[EDGEKD_REDUCE_AXES];
    int32_t kept_stride[EDGEKD_REDUCE_AXES];
    int32_t reduced[EDGEKD_REDUCE_AXES];
    int32_t reduced_stride[EDGEKD_REDUCE_AXES];
};

void edgekd_reduce_max_s8(const EDGEKD_FLASH struct edgekd_reduce_max_s8 *p, const int8_t *input, int8_t *output);
void edgekd_reduce_min_s8(const EDGEKD_FLASH struct edgekd_reduce_max_s8 *p, const int8_t *input, int8_t *output);

#endif
