/* FULLY_CONNECTED with 16-bit inputs and outputs. */
#ifndef EDGEKD_FULLY_CONNECTED_S16_H
#define EDGEKD_FULLY_CONNECTED_S16_H

#include "sums_s16.h"

struct edgekd_fully_connected_s16 {
    struct edgekd_sums_s16 sums; /* weights: [outputs][depth] */
    int32_t depth;
    int32_t outputs;
};

/* input: [rows][depth]. output: [rows][outputs]. */
void edgekd_fully_connected_s16(const EDGEKD_FLASH struct edgekd_fully_connected_s16 *p, const int16_t *input,
                                int16_t *output, int32_t rows);

#endif
