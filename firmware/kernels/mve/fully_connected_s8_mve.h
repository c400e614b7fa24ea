/* FULLY_CONNECTED, int8, MVE; also a CONV_2D of 1x1 with stride 1, whose rows are the pixels. */
#ifndef EDGEKD_FULLY_CONNECTED_S8_MVE_H
#define EDGEKD_FULLY_CONNECTED_S8_MVE_H

#include "dense_s8_mve.h"

struct edgekd_fully_connected_s8_mve {
    struct edgekd_dense_s8_mve dense;
    int32_t depth;
};

/* input: [rows][depth]. output: [rows][outputs]; two rows are read before their outputs are written. scratch: for as
 * many of two rows as there are, dense.steps * 16 bytes each.
 */
void edgekd_fully_connected_s8_mve(const struct edgekd_fully_connected_s8_mve *p, const int8_t *input, int8_t *output,
                                   void *scratch, int32_t rows);

/* The same without scratch: depth is a multiple of 16, and output does not overlap input. */
void edgekd_fully_connected_direct_s8_mve(const struct edgekd_fully_connected_s8_mve *p, const int8_t *input,
                                          int8_t *output, int32_t rows);

/* One row of fewer than 16 inputs, without scratch; output may be input. weights: [outputs, rounded up to 4][depth],
 * then 16 - depth bytes more: a vector reads the row of one output and the beginning of the next, where x is 0.
 */
void edgekd_fully_connected_short_s8_mve(const struct edgekd_fully_connected_s8_mve *p, const int8_t *input,
                                         int8_t *output);

#endif
