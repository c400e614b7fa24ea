/* FULLY_CONNECTED, int8; also a CONV_2D of 1x1 with stride 1, whose rows are the pixels. */
#ifndef EDGEKD_FULLY_CONNECTED_S8_H
#define EDGEKD_FULLY_CONNECTED_S8_H

#include "dense_s8.h"

struct edgekd_fully_connected_s8 {
    struct edgekd_dense_s8 dense;
    int32_t outputs;
};

/* input: [rows][depth]. output: [rows][outputs]. */
void edgekd_fully_connected_s8(const EDGEKD_FLASH struct edgekd_fully_connected_s8 *p, const int8_t *input,
                               int8_t *output, int32_t rows);

#endif
