/* Dense layer, int8, MVE. Two rows at a time are copied to scratch, where zeros fill them up to whole vectors and
 * where outputs over the inputs do no harm; the copy costs about a fiftieth of the products with 64 outputs.
 */
#include "fully_connected_s8_mve.h"

#include "copy_mve.h"

void edgekd_fully_connected_s8_mve(const struct edgekd_fully_connected_s8_mve *p, const int8_t *input, int8_t *output,
                                   void *scratch, int32_t rows) {
    const int32_t depth = p->depth;
    const int32_t outputs = p->dense.outputs;
    const int32_t row_bytes = p->dense.steps * 16;
    int8_t *row = scratch;
    edgekd_fill_mve(row, 0, rows > 1 ? 2 * row_bytes : row_bytes);
    for (; rows > 1; rows -= 2) {
        edgekd_copy_mve(row, input, depth);
        edgekd_copy_mve(row + row_bytes, input + depth, depth);
        edgekd_dense_two_rows_s8_mve(&p->dense, row, output, outputs);
        input += 2 * depth;
        output += 2 * outputs;
    }
    if (rows > 0) {
        edgekd_copy_mve(row, input, depth);
        edgekd_dense_row_s8_mve(&p->dense, row, output);
    }
}

void edgekd_fully_connected_direct_s8_mve(const struct edgekd_fully_connected_s8_mve *p, const int8_t *input,
                                          int8_t *output, int32_t rows) {
    for (int32_t row = 0; row < rows; ++row) {
        edgekd_dense_row_s8_mve(&p->dense, input, output);
        input += p->depth;
        output += p->dense.outputs;
    }
}
