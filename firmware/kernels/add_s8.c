#include "add_s8.h"

#include "requantize.h"

static const int32_t unit = (int32_t)1 << 20;

static inline void row(const EDGEKD_FLASH void *parameters, const void *operand_a, int32_t stride_a,
                       const void *operand_b, int32_t stride_b, void *result, int32_t count) {
    const EDGEKD_FLASH struct edgekd_add_s8 *p = parameters;
    const int8_t *a = operand_a;
    const int8_t *b = operand_b;
    int8_t *output = result;
    for (int32_t i = 0; i < count; ++i) {
        const int32_t wide_a = (*a - p->zero_point_a) * unit;
        const int32_t wide_b = (*b - p->zero_point_b) * unit;
        const int32_t sum = p->sign_a * edgekd_requantize(wide_a, p->multiplier_a, p->shift_a) +
                            p->sign_b * edgekd_requantize(wide_b, p->multiplier_b, p->shift_b);
        output[i] = edgekd_offset_clamp_s8(edgekd_requantize(sum, p->multiplier, p->shift), p->zero_point, p->lowest,
                                           p->highest);
        a += stride_a;
        b += stride_b;
    }
}

void edgekd_add_s8(const EDGEKD_FLASH struct edgekd_add_s8 *p, const int8_t *a, const int8_t *b, int8_t *output,
                   int32_t count) {
    row(p, a, 1, b, 1, output, count);
}

void edgekd_add_broadcast_s8(const EDGEKD_FLASH struct edgekd_add_broadcast_s8 *p, const int8_t *a, const int8_t *b,
                             int8_t *output) {
    edgekd_broadcast_rows(&p->walk, &p->add, a, 1, b, 1, output, 1, row);
}
