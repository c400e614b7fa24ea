/* Outputs that are weighted sums of contiguous rows of inputs, for the vector extension of Armv8.1-M (MVE, Helium). */
#ifndef EDGEKD_DENSE_S8_MVE_H
#define EDGEKD_DENSE_S8_MVE_H

#include "requantize_mve.h"

/* Rows are steps * 16 bytes long, filled up with zeros behind their inputs; so are the rows of the weights.
 * weights: [outputs / 4, rounded up][steps][4 outputs][16].
 * bias: [outputs, rounded up to 4], the input's zero point folded in as in dense_s8.h.
 * scaling: in groups of 4.
 */
struct edgekd_dense_s8_mve {
    const int8_t *weights;
    const int32_t *bias;
    struct edgekd_scaling_mve scaling;
    int32_t steps;
    int32_t outputs;
};

/* The outputs for one row, x: [steps * 16]. y: [outputs]. */
void edgekd_dense_row_s8_mve(const struct edgekd_dense_s8_mve *p, const int8_t *x, int8_t *y);

/* The same for two rows, x: [2][steps * 16]. apart: from the first row's y to the second's. */
void edgekd_dense_two_rows_s8_mve(const struct edgekd_dense_s8_mve *p, const int8_t *x, int8_t *y, int32_t apart);

#endif
