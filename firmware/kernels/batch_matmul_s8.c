#include "batch_matmul_s8.h"

#include "requantize.h"

static uint32_t product(const EDGEKD_FLASH struct edgekd_batch_matmul_s8 *p, const int8_t *a, const int8_t *b) {
    const int32_t depth = p->depth;
    const int32_t step_a = p->depth_a;
    const int32_t step_b = p->depth_b;
    const int32_t zero_point_a = p->zero_point_a;
    const int32_t zero_point_b = p->zero_point_b;
    uint32_t sum = 0;
    for (int32_t k = 0; k < depth; ++k) {
        sum += (uint32_t)((*a - zero_point_a) * (*b - zero_point_b));
        a += step_a;
        b += step_b;
    }
    return sum;
}

static int8_t *matrix(const EDGEKD_FLASH struct edgekd_batch_matmul_s8 *p, const int8_t *a, const int8_t *b,
                      int8_t *to) {
    for (int32_t row = 0; row < p->rows; ++row) {
        for (int32_t column = 0; column < p->columns; ++column) {
            const uint32_t sum = product(p, a + row * p->row_a, b + column * p->column_b);
            const int32_t scaled = edgekd_requantize((int32_t)sum, p->multiplier, p->shift);
            *to++ = edgekd_offset_clamp_s8(scaled, p->zero_point, INT8_MIN, INT8_MAX);
        }
    }
    return to;
}

void edgekd_batch_matmul_s8(const EDGEKD_FLASH struct edgekd_batch_matmul_s8 *p, const int8_t *a, const int8_t *b,
                            int8_t *output) {
    const EDGEKD_FLASH int32_t *da = &p->batch_a[0];
    const EDGEKD_FLASH int32_t *db = &p->batch_b[0];
    for (int32_t i = 0; i < p->shape[0]; ++i) {
        for (int32_t j = 0; j < p->shape[1]; ++j) {
            for (int32_t k = 0; k < p->shape[2]; ++k) {
                output =
                    matrix(p, a + i * da[0] + j * da[1] + k * da[2], b + i * db[0] + j * db[1] + k * db[2], output);
            }
        }
    }
}
