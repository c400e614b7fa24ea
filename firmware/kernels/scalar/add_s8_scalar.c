#include "add_s8_scalar.h"

#include "requantize_scalar.h"

/* What an inlined call takes from registers. */
static inline int8_t result(struct edgekd_add_s8_scalar p, int32_t a, int32_t b) {
    return (int8_t)edgekd_saturate_scalar((p.offset + a * p.factor_a + b * p.factor_b) >> p.shift);
}

void edgekd_add_s8_scalar(const struct edgekd_add_s8_scalar *parameters, const int8_t *a, const int8_t *b,
                          int8_t *output, int32_t count) {
    const struct edgekd_add_s8_scalar p = *parameters;
    int32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        output[i] = result(p, a[i], b[i]);
        output[i + 1] = result(p, a[i + 1], b[i + 1]);
        output[i + 2] = result(p, a[i + 2], b[i + 2]);
        output[i + 3] = result(p, a[i + 3], b[i + 3]);
    }
    for (; i < count; ++i) {
        output[i] = result(p, a[i], b[i]);
    }
    edgekd_limit_scalar(output, count, p.lowest, p.highest);
}
