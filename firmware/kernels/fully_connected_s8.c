#include "fully_connected_s8.h"

void edgekd_fully_connected_s8(const EDGEKD_FLASH struct edgekd_fully_connected_s8 *p, const int8_t *input,
                               int8_t *output, int32_t rows) {
    for (int32_t row = 0; row < rows; ++row) {
        edgekd_dense_s8(&p->dense, input, output, 0, p->outputs);
        input += p->dense.depth;
        output += p->outputs;
    }
}
