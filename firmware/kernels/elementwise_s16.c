#include "elementwise_s16.h"

#include "requantize.h"

static inline int16_t clamped(int32_t x, int32_t lowest, int32_t highest) {
    return (int16_t)(x < lowest ? lowest : x > highest ? highest : x);
}

static inline void add_row(const EDGEKD_FLASH void *parameters, const void *operand_a, int32_t stride_a,
                           const void *operand_b, int32_t stride_b, void *result, int32_t count) {
    const EDGEKD_FLASH struct edgekd_add_s8 *p = parameters;
    const int32_t unit = (int32_t)1 << 15;
    const int16_t *a = operand_a;
    const int16_t *b = operand_b;
    int16_t *output = result;
    for (int32_t i = 0; i < count; ++i) {
        const int32_t sum = p->sign_a * edgekd_requantize(*a * unit, p->multiplier_a, p->shift_a) +
                            p->sign_b * edgekd_requantize(*b * unit, p->multiplier_b, p->shift_b);
        output[i] = clamped(edgekd_requantize(sum, p->multiplier, p->shift), p->lowest, p->highest);
        a += stride_a;
        b += stride_b;
    }
}

static inline void mul_row(const EDGEKD_FLASH void *parameters, const void *operand_a, int32_t stride_a,
                           const void *operand_b, int32_t stride_b, void *result, int32_t count) {
    const EDGEKD_FLASH struct edgekd_mul_s8 *p = parameters;
    const int16_t *a = operand_a;
    const int16_t *b = operand_b;
    int16_t *output = result;
    for (int32_t i = 0; i < count; ++i) {
        output[i] = clamped(edgekd_requantize((int32_t)*a * *b, p->multiplier, p->shift), p->lowest, p->highest);
        a += stride_a;
        b += stride_b;
    }
}

void edgekd_add_s16(const EDGEKD_FLASH struct edgekd_add_broadcast_s8 *p, const int16_t *a, const int16_t *b,
                    int16_t *output) {
    edgekd_broadcast_rows(&p->walk, &p->add, a, 2, b, 2, output, 2, add_row);
}

void edgekd_mul_s16(const EDGEKD_FLASH struct edgekd_mul_broadcast_s8 *p, const int16_t *a, const int16_t *b,
                    int16_t *output) {
    edgekd_broadcast_rows(&p->walk, &p->mul, a, 2, b, 2, output, 2, mul_row);
}
