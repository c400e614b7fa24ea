#include "dense_s8_riscv.h"

enum { ROWS = EDGEKD_PACKED_ROWS_RISCV };

void edgekd_dense_s8_riscv(const struct edgekd_dense_s8_riscv *p, const int8_t *x, int8_t *y, void *scratch,
                           int32_t count) {
    while (count > 0) {
        const int32_t rows = count < p->sums.rows ? count : p->sums.rows;
        const int8_t *inputs[ROWS];
        int8_t *outputs[ROWS];
        for (int32_t i = 0; i < ROWS; ++i) {
            inputs[i] = x;
            outputs[i] = y;
            if (i + 1 < rows) {
                x += p->sums.depth;
                y += p->outputs;
            }
        }
        edgekd_pack_riscv(&p->sums, scratch, inputs, p->sums.depth);
        edgekd_packed_sums_riscv(&p->sums, scratch, outputs, 0, p->outputs);
        x += p->sums.depth;
        y += p->outputs;
        count -= rows;
    }
}
