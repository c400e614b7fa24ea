#include "mul_s8.h"

#include "requantize.h"

static inline void row(const EDGEKD_FLASH void *parameters, const void *operand_a, int32_t stride_a,
                       const void *operand_b, int32_t stride_b, void *result, int32_t count) {
    const EDGEKD_FLASH struct edgekd_mul_s8 *p = parameters;
    const int8_t *a = operand_a;
    const int8_t *b = operand_b;
    int8_t *output = result;
    for (int32_t i = 0; i < count; ++i) {
        const int32_t product = (*a - p->zero_point_a) * (*b - p->zero_point_b);
        output[i] = edgekd_offset_clamp_s8(edgekd_requantize(product, p->multiplier, p->shift), p->zero_point,
                                           p->lowest, p->highest);
        a += stride_a;
        b += stride_b;
    }
}

void edgekd_mul_s8(const EDGEKD_FLASH struct edgekd_mul_s8 *p, const int8_t *a, const int8_t *b, int8_t *output,
                   int32_t count) {
    row(p, a, 1, b, 1, output, count);
}

void edgekd_mul_broadcast_s8(const EDGEKD_FLASH struct edgekd_mul_broadcast_s8 *p, const int8_t *a, const int8_t *b,
                             int8_t *output) {
    edgekd_broadcast_rows(&p->walk, &p->mul, a, 1, b, 1, output, 1, row);
}
