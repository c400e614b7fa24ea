/* Weighted sums of rows on RV32IM, several sums a multiplication: the heart of dense layers and convolutions.
 *
 * Inputs of neighbouring rows a, b, c, d share words, so that one product with a weight w and one addition serve them
 * all. Whatever fits modulo 2^32 can be taken apart again, A standing for the sum of w a and so on:
 *
 *      rows   two words an input                        their sums           fit while
 *      4      a + 2^16 b, c + 2^16 d                    A + 2^16 B, C + 2^16 D      |sums| < 2^15
 *      3      a + 2^21 b, c + 2^10 b                    A + 2^21 B, C + 2^10 B      |sums| < 2^20
 *
 * With three rows the first word gives A and the lower 11 bits of B; take these from the second word and what is left
 * is C + 2^21 (B >> 11). The compiler, which knows the weights, finds how many products fit in any case: a segment.
 */
#ifndef EDGEKD_PACKED_SUMS_RISCV_H
#define EDGEKD_PACKED_SUMS_RISCV_H

#include <stdint.h>

enum { EDGEKD_PACKED_ROWS_RISCV = 4 }; /* at most */

/* weights: tiles of outputs, input by input, see packed_sums_riscv.c.
 * bias, multiplier, shift: as in sums_scalar.h.
 * rows: 3 or 4. segment: products that fit, a multiple of 4.
 */
struct edgekd_packed_sums_riscv {
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t depth;
    int32_t segment;
    int8_t rows;
    int8_t per_channel;
    int8_t zero_point; /* of the output */
    int8_t lowest;
    int8_t highest;
};

/* Packs `count` neighbouring inputs of each row into 2 * count words; returns what is behind them. */
uint32_t *edgekd_pack_riscv(const struct edgekd_packed_sums_riscv *p, uint32_t *to,
                            const int8_t *const x[EDGEKD_PACKED_ROWS_RISCV], int32_t count);

/* Outputs first to last - 1, a group's, of all rows. x: [depth][2], packed. y: where each row's outputs begin; rows
 * that are the same, there being none left, may share it.
 */
void edgekd_packed_sums_riscv(const struct edgekd_packed_sums_riscv *p, const uint32_t *x,
                              int8_t *const y[EDGEKD_PACKED_ROWS_RISCV], int32_t first, int32_t last);

#endif
