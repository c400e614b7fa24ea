/* FULLY_CONNECTED, int8, with SMLAD; also a CONV_2D of 1x1 with stride 1, whose rows are the pixels. */
#ifndef EDGEKD_FULLY_CONNECTED_S8_DSP_H
#define EDGEKD_FULLY_CONNECTED_S8_DSP_H

#include "dense_s8_dsp.h"

struct edgekd_fully_connected_s8_dsp {
    struct edgekd_dense_s8_dsp dense;
    int32_t inputs; /* of a row; dense.depth is the next multiple of 4 */
    int32_t outputs;
};

/* input: [rows][inputs]. output: [rows][outputs]. scratch: 2 * dense.depth bytes a row, for one row or two. Two rows
 * are read before any of their outputs is written.
 */
void edgekd_fully_connected_s8_dsp(const struct edgekd_fully_connected_s8_dsp *p, const int8_t *input, int8_t *output,
                                   void *scratch, int32_t rows);

#endif
