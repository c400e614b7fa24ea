/* MEAN and SUM over any axes, int8. */
#ifndef EDGEKD_MEAN_S8_H
#define EDGEKD_MEAN_S8_H

#include <stdint.h>

#include "flash.h"

#define EDGEKD_MEAN_AXES 3

/* The input's axes in two groups, each outermost first, neighbours joined, 1 in front: kept (they make the output, in
 * order) and reduced. Strides are in elements of the input. offset: what the zero points of all reduced elements sum up
 * to. The division by their number, below 2^23, is part of multiplier and shift.
 */
struct edgekd_mean_s8 {
    int32_t kept[EDGEKD_MEAN_AXES];
    int32_t kept_stride[EDGEKD_MEAN_AXES];
    int32_t reduced[EDGEKD_MEAN_AXES];
    int32_t reduced_stride[EDGEKD_MEAN_AXES];
    int32_t offset;
    int32_t multiplier;
    int32_t shift;
    int32_t zero_point; /* of the output */
};

void edgekd_mean_s8(const EDGEKD_FLASH struct edgekd_mean_s8 *p, const int8_t *input, int8_t *output);

#endif
