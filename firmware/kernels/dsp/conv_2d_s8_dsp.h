/* CONV_2D, int8, grouped or not, with SMLAD. */
#ifndef EDGEKD_CONV_2D_S8_DSP_H
#define EDGEKD_CONV_2D_S8_DSP_H

#include "dense_s8_dsp.h"
#include "window.h"

/* dense.weights: of inputs in the order [window height][window width][input channels of a group]; the outputs of a
 * group are a multiple of 4 if there are several groups.
 */
struct edgekd_conv_2d_s8_dsp {
    struct edgekd_window window;
    struct edgekd_dense_s8_dsp dense;
    int32_t groups;
    int32_t outputs; /* of all groups */
    int32_t input_zero_point;
    int32_t whole_words; /* not 0: the inputs of a row of a window are contiguous and a multiple of 4 */
};

/* Output rows first to last - 1 of one image, see window.h. input: [height][width][channels]. output: [height][width]
 * [outputs]. scratch: 5 * dense.depth bytes.
 */
void edgekd_conv_2d_s8_dsp(const struct edgekd_conv_2d_s8_dsp *p, const int8_t *input, int8_t *output, void *scratch,
                           int32_t first, int32_t last);

#endif
