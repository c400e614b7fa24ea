/* Weighted sums of rows on cores without SIMD: the heart of dense layers and convolutions. */
#ifndef EDGEKD_SUMS_SCALAR_H
#define EDGEKD_SUMS_SCALAR_H

#include <stdint.h>

/* How many sums are made together, so many that all stay in registers: of ROWS rows and four outputs, so that a weight
 * is loaded once for all rows, or of one row and four times TILES outputs.
 */
#if defined(__ARM_ARCH_6M__)
enum { EDGEKD_ROWS_SCALAR = 1, EDGEKD_TILES_SCALAR = 1 };
#else
enum { EDGEKD_ROWS_SCALAR = 2, EDGEKD_TILES_SCALAR = 2 };
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

/* Outputs first to last - 1 of `rows` rows, at most EDGEKD_ROWS_SCALAR. x: [rows][depth]. y: [rows][outputs]. */
void edgekd_sums_scalar(const struct edgekd_sums_scalar *p, const int8_t *x, int32_t rows, int8_t *y, int32_t outputs,
                        int32_t first, int32_t last);

#endif
