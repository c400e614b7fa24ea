/* FULLY_CONNECTED and 1x1 CONV_2D, int8, of several rows, for RISC-V. */
#ifndef EDGEKD_DENSE_S8_RISCV_H
#define EDGEKD_DENSE_S8_RISCV_H

#include "packed_sums_riscv.h"

struct edgekd_dense_s8_riscv {
    struct edgekd_packed_sums_riscv sums;
    int32_t outputs;
};

/* `count` rows. x: [count][depth]. y: [count][outputs]. scratch: 8 * depth bytes.
 * Rows are read completely before their results are written: y may begin where x does when rows do not grow.
 */
void edgekd_dense_s8_riscv(const struct edgekd_dense_s8_riscv *p, const int8_t *x, int8_t *y, void *scratch,
                           int32_t count);

#endif
