/* FULLY_CONNECTED, int8, of one row, for RISC-V: two sums a multiplication. */
#ifndef EDGEKD_DENSE_ROW_S8_RISCV_H
#define EDGEKD_DENSE_ROW_S8_RISCV_H

#include <stdint.h>

/* words: of weights, [outputs / 8][depth][2], see dense_row_s8_riscv.c.
 * segments: how many pairs of inputs pass before a tile's sums are taken apart, again and again up to `depth`, tile
 * after tile.
 * bias, multiplier, shift: as in sums_scalar.h.
 * depth: a multiple of two. outputs: a multiple of eight.
 */
struct edgekd_dense_row_s8_riscv {
    const int32_t *words;
    const uint8_t *segments;
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t depth;
    int32_t outputs;
    int8_t per_channel;
    int8_t zero_point; /* of the output */
    int8_t lowest;
    int8_t highest;
};

/* x: [depth]. y: [outputs]. */
void edgekd_dense_row_s8_riscv(const struct edgekd_dense_row_s8_riscv *p, const int8_t *x, int8_t *y);

#endif
