/* CONV_2D, int8, grouped or not, for RISC-V. */
#ifndef EDGEKD_CONV_2D_S8_RISCV_H
#define EDGEKD_CONV_2D_S8_RISCV_H

#include "packed_sums_riscv.h"
#include "window.h"

struct edgekd_conv_2d_s8_riscv {
    struct edgekd_window window;
    struct edgekd_packed_sums_riscv sums;
    int32_t groups;
    int32_t outputs; /* of all groups */
    int32_t input_zero_point;
};

/* Output rows first to last - 1 of one image, see window.h.
 * scratch: 8 * sums.depth bytes and, when windows leave the image, are dilated or of a group, a row of taps for each of
 * sums.rows windows, window width * inputs of a group.
 */
void edgekd_conv_2d_s8_riscv(const struct edgekd_conv_2d_s8_riscv *p, const int8_t *input, int8_t *output,
                             void *scratch, int32_t first, int32_t last);

#endif
