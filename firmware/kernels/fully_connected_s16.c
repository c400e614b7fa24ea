#include "fully_connected_s16.h"

void edgekd_fully_connected_s16(const EDGEKD_FLASH struct edgekd_fully_connected_s16 *p, const int16_t *input,
                                int16_t *output, int32_t rows) {
    for (int32_t row = 0; row < rows; ++row) {
        const EDGEKD_FLASH int8_t *w = p->sums.weights;
        for (int32_t c = 0; c < p->outputs; ++c) {
            int64_t sum = p->sums.bias[c];
            for (int32_t i = 0; i < p->depth; ++i) {
                sum += (int32_t)*w++ * input[i];
            }
            *output++ = edgekd_scaled_s16(&p->sums, c, sum);
        }
        input += p->depth;
    }
}
