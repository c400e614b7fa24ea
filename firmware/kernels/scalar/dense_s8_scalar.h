/* FULLY_CONNECTED and 1x1 CONV_2D, int8, for cores without SIMD. */
#ifndef EDGEKD_DENSE_S8_SCALAR_H
#define EDGEKD_DENSE_S8_SCALAR_H

#include "sums_scalar.h"

struct edgekd_dense_s8_scalar {
    struct edgekd_sums_scalar sums;
    int32_t outputs;
};

/* `count` rows. x: [count][depth]. y: [count][outputs]. scratch: EDGEKD_ROWS_SCALAR * depth bytes, at most 2 * depth.
 * Rows are read completely before their results are written: y may begin where x does when rows do not grow.
 */
void edgekd_dense_s8_scalar(const struct edgekd_dense_s8_scalar *p, const int8_t *x, int8_t *y, void *scratch,
                            int32_t count);

#endif
