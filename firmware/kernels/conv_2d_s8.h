/* CONV_2D, int8, grouped or not. */
#ifndef EDGEKD_CONV_2D_S8_H
#define EDGEKD_CONV_2D_S8_H

#include "dense_s8.h"
#include "window.h"

/* dense.weights: [outputs][window height][window width][input channels of a group]. */
struct edgekd_conv_2d_s8 {
    struct edgekd_window window;
    struct edgekd_dense_s8 dense;
    int32_t groups;
    int32_t outputs; /* of all groups */
    int32_t input_zero_point;
};

/* Output rows first to last - 1 of one image, see window.h. input: [height][width][channels]. output: [height][width]
 * [outputs]. scratch: dense.depth bytes.
 */
void edgekd_conv_2d_s8(const EDGEKD_FLASH struct edgekd_conv_2d_s8 *p, const int8_t *input, int8_t *output,
                       void *scratch, int32_t first, int32_t last);

#endif
