#include "mul_s8_scalar.h"

#include "requantize_scalar.h"

void edgekd_mul_s8_scalar(const struct edgekd_mul_s8_scalar *p, const int8_t *a, const int8_t *b, int8_t *output,
                          int32_t count) {
    const int32_t zero_point_a = p->zero_point_a;
    const int32_t zero_point_b = p->zero_point_b;
    const int32_t multiplier = p->multiplier;
    const int32_t shift = p->shift;
    const int32_t offset = edgekd_offset_scalar(p->odd_zero_point, shift);
    for (int32_t i = 0; i < count; ++i) {
        const int32_t product = (a[i] - zero_point_a) * (b[i] - zero_point_b);
        output[i] = (int8_t)edgekd_result_scalar(product, multiplier, shift, offset);
    }
    edgekd_limit_scalar(output, count, p->lowest, p->highest);
}

void edgekd_mul_rows_s8_scalar(const struct edgekd_mul_rows_s8_scalar *p, const int8_t *a, const int8_t *b,
                               int8_t *output) {
    for (int32_t row = 0; row < p->rows; ++row) {
        edgekd_mul_s8_scalar(&p->mul, a, b, output, p->count);
        a += p->count;
        output += p->count;
    }
}
