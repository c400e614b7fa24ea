/* DEPTHWISE_CONV_2D, int8, windows of 3x3 neighbouring taps, depth_multiplier 1, for RISC-V. */
#ifndef EDGEKD_DEPTHWISE_3X3_S8_RISCV_H
#define EDGEKD_DEPTHWISE_3X3_S8_RISCV_H

#include "depthwise_conv_2d_s8_scalar.h"

/* Output rows first to last - 1 of one image, stride_x 1 or 2: parameters and scratch as there, but all shifts > 0. */
void edgekd_depthwise_3x3_s8_riscv(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *input,
                                   int8_t *output, void *scratch, int32_t first, int32_t last);
void edgekd_depthwise_3x3_stride_2_s8_riscv(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *input,
                                            int8_t *output, void *scratch, int32_t first, int32_t last);

#endif
