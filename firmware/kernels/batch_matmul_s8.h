/* BATCH_MATMUL, int8: products of matrices neither of which need be a constant, either transposed, batches repeated. */
#ifndef EDGEKD_BATCH_MATMUL_S8_H
#define EDGEKD_BATCH_MATMUL_S8_H

#include <stdint.h>

#include "flash.h"

#define EDGEKD_BATCH_MATMUL_AXES 3

/*      a: [rows][depth]   x   b: [depth][columns]   ->   output: [rows][columns], for each of the batches
 *
 * Strides are in elements. A transposed matrix only has its two exchanged: that of neighbours in depth, and that of
 * rows (a) or columns (b). shape, batch_a, batch_b: the batches, outermost axis first, and how far apart the matrices
 * of one axis are; 0 repeats one.
 */
struct edgekd_batch_matmul_s8 {
    int32_t shape[EDGEKD_BATCH_MATMUL_AXES];
    int32_t batch_a[EDGEKD_BATCH_MATMUL_AXES];
    int32_t batch_b[EDGEKD_BATCH_MATMUL_AXES];
    int32_t rows;
    int32_t depth;
    int32_t columns;
    int32_t row_a;
    int32_t depth_a;
    int32_t depth_b;
    int32_t column_b;
    int32_t zero_point_a;
    int32_t zero_point_b;
    int32_t zero_point; /* of the output */
    int32_t multiplier;
    int32_t shift;
};

void edgekd_batch_matmul_s8(const EDGEKD_FLASH struct edgekd_batch_matmul_s8 *p, const int8_t *a, const int8_t *b,
                            int8_t *output);

#endif
