/* Weighted sums of rows on cores without SIMD: the heart of dense layers and convolutions. */
#ifndef EDGEKD_SUMS_SCALAR_H
#define EDGEKD_SUMS_SCALAR_H

#include <stdint.h>

/* How many sums are made together, so many that all stay in registers: of ROWS rows and four outputs, so that a weight
 * is loaded once for all rows, or of one row and four times TILES outputs. INTERLEAVED: ROWS rows lie input by input,
 * because pointers to each would take registers that sums need.
 */
#if defined(__riscv)
enum { EDGEKD_ROWS_SCALAR = 4, EDGEKD_TILES_SCALAR = 2, EDGEKD_INTERLEAVED_SCALAR = 1 };
#elif defined(__ARM_ARCH_6M__)
enum { EDGEKD_ROWS_SCALAR = 1, EDGEKD_TILES_SCALAR = 1, EDGEKD_INTERLEAVED_SCALAR = 0 };
#else
enum { EDGEKD_ROWS_SCALAR = 2, EDGEKD_TILES_SCALAR = 2, EDGEKD_INTERLEAVED_SCALAR = 0 };
#endif

/* weights: four outputs interleaved, see sums_scalar.c.
 * bias: [outputs], the input's zero point folded in.
 * multiplier, shift: of output c at [c * per_channel], see requantize_scalar.h.
 */
struct edgekd_sums_scalar {
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t depth;
    int8_t per_channel; /* 1, or 0 when all outputs share one multiplier */
    int8_t zero_point;  /* of the output */
    int8_t lowest;      /* the fused activation */
    int8_t highest;
};

/* Bytes from an input of a row to the next, for `rows` rows. */
static inline int32_t edgekd_input_step_scalar(int32_t rows) {
    return EDGEKD_INTERLEAVED_SCALAR && rows == EDGEKD_ROWS_SCALAR ? EDGEKD_ROWS_SCALAR : 1;
}

/* Outputs first to last - 1 of `rows` rows, at most EDGEKD_ROWS_SCALAR. x: [rows][depth], or [depth][rows] where
 * edgekd_input_step_scalar says so. y: [rows][outputs].
 */
void edgekd_sums_scalar(const struct edgekd_sums_scalar *p, const int8_t *x, int32_t rows, int8_t *y, int32_t outputs,
                        int32_t first, int32_t last);

#endif
