/* Rows are copied, as many as sums_scalar.c takes at a time, so that their results may lie over them. */
#include "dense_s8_scalar.h"

#include "copy_scalar.h"

void edgekd_dense_s8_scalar(const struct edgekd_dense_s8_scalar *p, const int8_t *x, int8_t *y, void *scratch,
                            int32_t count) {
    while (count > 0) {
        const int32_t rows = count < EDGEKD_ROWS_SCALAR ? count : EDGEKD_ROWS_SCALAR;
        edgekd_copy_scalar(scratch, x, rows * p->sums.depth);
        edgekd_sums_scalar(&p->sums, scratch, rows, y, p->outputs, 0, p->outputs);
        x += rows * p->sums.depth;
        y += rows * p->outputs;
        count -= rows;
    }
}
