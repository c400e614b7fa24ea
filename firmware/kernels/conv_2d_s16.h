/* CONV_2D and DEPTHWISE_CONV_2D (as many groups as channels) with 16-bit inputs and outputs. */
#ifndef EDGEKD_CONV_2D_S16_H
#define EDGEKD_CONV_2D_S16_H

#include "sums_s16.h"
#include "window.h"

struct edgekd_conv_2d_s16 {
    struct edgekd_window window;
    struct edgekd_sums_s16 sums; /* weights: [outputs][height][width][input channels of a group] */
    int32_t groups;
    int32_t outputs;
};

/* Output rows first to last - 1 of one image, see window.h. */
void edgekd_conv_2d_s16(const EDGEKD_FLASH struct edgekd_conv_2d_s16 *p, const int16_t *input, int16_t *output,
                        int32_t first, int32_t last);

#endif
