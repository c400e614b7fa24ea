/* CONV_2D, int8, grouped or not, with SMLAD. */
#ifndef EDGEKD_CONV_2D_S8_DSP_H
#define EDGEKD_CONV_2D_S8_DSP_H

#include "dense_s8_dsp.h"
#include "window.h"

/* dense: its inputs are those of a window, in the order of conv_2d_s8_dsp.c; the outputs of a group are a multiple of 4
 * if there are several groups.
 */
struct edgekd_conv_2d_s8_dsp {
    struct edgekd_window window;
    struct edgekd_dense_s8_dsp dense;
    int32_t outputs; /* of all groups */
    int32_t group_inputs;
    int32_t group_outputs;
    int32_t input_zero_point;
    int32_t row_bytes;  /* inputs of a row of a window, of one group */
    int32_t contiguous; /* not 0: they are next to each other in the image */
};

/* Output rows first to last - 1 of one image, see window.h. input: [height][width][channels]. output: [height][width]
 * [outputs]. scratch: 4 * dense.depth + 2 * row_bytes bytes, and 2 * (window height * (row_bytes % 4)), the product
 * filled up to a multiple of 4.
 */
void edgekd_conv_2d_s8_dsp(const struct edgekd_conv_2d_s8_dsp *p, const int8_t *input, int8_t *output, void *scratch,
                           int32_t first, int32_t last);

#endif
