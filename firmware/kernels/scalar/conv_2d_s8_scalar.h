/* CONV_2D, int8, grouped or not, for cores without SIMD. */
#ifndef EDGEKD_CONV_2D_S8_SCALAR_H
#define EDGEKD_CONV_2D_S8_SCALAR_H

#include "sums_scalar.h"
#include "window.h"

struct edgekd_conv_2d_s8_scalar {
    struct edgekd_window window;
    struct edgekd_sums_scalar sums;
    int32_t groups;
    int32_t outputs; /* of all groups */
    int32_t input_zero_point;
};

/* Output rows first to last - 1 of one image, see window.h. scratch: EDGEKD_ROWS_SCALAR * sums.depth bytes, at most
 * 2 * depth.
 */
void edgekd_conv_2d_s8_scalar(const struct edgekd_conv_2d_s8_scalar *p, const int8_t *input, int8_t *output,
                              void *scratch, int32_t first, int32_t last);

#endif
