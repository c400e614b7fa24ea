#include "squared_difference.h"

#include "requantize.h"

static inline int32_t result(const EDGEKD_FLASH struct edgekd_squared_difference *p, int32_t a, int32_t b) {
    const int32_t unit = (int32_t)1 << p->left_shift;
    const int32_t wide_a = edgekd_requantize((a - p->zero_point_a) * unit, p->multiplier_a, p->shift_a);
    const int32_t wide_b = edgekd_requantize((b - p->zero_point_b) * unit, p->multiplier_b, p->shift_b);
    const uint32_t difference = (uint32_t)wide_a - (uint32_t)wide_b;
    const int32_t scaled = edgekd_requantize((int32_t)(difference * difference), p->multiplier, p->shift);
    return (int32_t)((uint32_t)scaled + (uint32_t)p->zero_point);
}

static void row_s8(const EDGEKD_FLASH void *parameters, const void *operand_a, int32_t stride_a, const void *operand_b,
                   int32_t stride_b, void *output, int32_t count) {
    const int8_t *a = operand_a;
    const int8_t *b = operand_b;
    int8_t *to = output;
    for (int32_t i = 0; i < count; ++i) {
        to[i] = edgekd_clamp_s8(result(parameters, *a, *b), INT8_MIN, INT8_MAX);
        a += stride_a;
        b += stride_b;
    }
}

static void row_s16(const EDGEKD_FLASH void *parameters, const void *operand_a, int32_t stride_a, const void *operand_b,
                    int32_t stride_b, void *output, int32_t count) {
    const int16_t *a = operand_a;
    const int16_t *b = operand_b;
    int16_t *to = output;
    for (int32_t i = 0; i < count; ++i) {
        const int32_t x = result(parameters, *a, *b);
        to[i] = (int16_t)(x < INT16_MIN ? INT16_MIN : x > INT16_MAX ? INT16_MAX : x);
        a += stride_a;
        b += stride_b;
    }
}

void edgekd_squared_difference_s8(const EDGEKD_FLASH struct edgekd_squared_difference *p, const int8_t *a,
                                  const int8_t *b, int8_t *output) {
    edgekd_broadcast_rows(&p->walk, p, a, 1, b, 1, output, 1, row_s8);
}

void edgekd_squared_difference_s16(const EDGEKD_FLASH struct edgekd_squared_difference *p, const int16_t *a,
                                   const int16_t *b, int16_t *output) {
    edgekd_broadcast_rows(&p->walk, p, a, 2, b, 2, output, 2, row_s16);
}
