#include "comparison_s8.h"

#include <stdbool.h>

#include "requantize.h"

static const int32_t unit = 1 << 8;

static inline void row(const EDGEKD_FLASH struct edgekd_comparison_s8 *p, const int8_t *a, int32_t stride_a,
                       const int8_t *b, int32_t stride_b, uint8_t *output, int32_t count, bool less) {
    for (int32_t i = 0; i < count; ++i) {
        const int32_t wide_a = edgekd_requantize((*a - p->zero_point_a) * unit, p->multiplier_a, p->shift_a);
        const int32_t wide_b = edgekd_requantize((*b - p->zero_point_b) * unit, p->multiplier_b, p->shift_b);
        const bool holds = less ? wide_a < wide_b : wide_a == wide_b;
        output[i] = (uint8_t)(holds != (p->otherwise != 0));
        a += stride_a;
        b += stride_b;
    }
}

static void row_equal(const EDGEKD_FLASH void *p, const void *a, int32_t stride_a, const void *b, int32_t stride_b,
                      void *output, int32_t count) {
    row(p, a, stride_a, b, stride_b, output, count, false);
}

static void row_less(const EDGEKD_FLASH void *p, const void *a, int32_t stride_a, const void *b, int32_t stride_b,
                     void *output, int32_t count) {
    row(p, a, stride_a, b, stride_b, output, count, true);
}

void edgekd_equal_s8(const EDGEKD_FLASH struct edgekd_comparison_s8 *p, const int8_t *a, const int8_t *b,
                     uint8_t *output) {
    edgekd_broadcast_rows(&p->walk, p, a, 1, b, 1, output, 1, row_equal);
}

void edgekd_less_s8(const EDGEKD_FLASH struct edgekd_comparison_s8 *p, const int8_t *a, const int8_t *b,
                    uint8_t *output) {
    edgekd_broadcast_rows(&p->walk, p, a, 1, b, 1, output, 1, row_less);
}
