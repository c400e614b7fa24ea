/* CONV_2D, int8, grouped or not, MVE. */
#ifndef EDGEKD_CONV_2D_S8_MVE_H
#define EDGEKD_CONV_2D_S8_MVE_H

#include "dense_s8_mve.h"
#include "window.h"

/* dense: of one group; its rows are windows, [window height][window width][input channels of a group]. Those of the
 * other groups follow.
 */
struct edgekd_conv_2d_s8_mve {
    struct edgekd_window window;
    struct edgekd_dense_s8_mve dense;
    int32_t groups;
    int32_t input_zero_point;
};

/* Output rows first to last - 1 of one image, see window.h. input: [height][width][channels]. output: [height][width]
 * [outputs of all groups]. scratch: 2 * dense.steps * 16 bytes and a pointer for each row of the window.
 */
void edgekd_conv_2d_s8_mve(const struct edgekd_conv_2d_s8_mve *p, const int8_t *input, int8_t *output, void *scratch,
                           int32_t first, int32_t last);

#endif
