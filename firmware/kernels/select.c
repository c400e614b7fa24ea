#include "select.h"

#include <string.h>

static inline int32_t place(const EDGEKD_FLASH int32_t *stride, int32_t i, int32_t j, int32_t k, int32_t l) {
    return i * stride[0] + j * stride[1] + k * stride[2] + l * stride[3];
}

void edgekd_select(const EDGEKD_FLASH struct edgekd_select *p, const uint8_t *condition, const void *a, const void *b,
                   void *output) {
    const EDGEKD_FLASH int32_t *n = &p->shape[0];
    const int32_t bytes = p->bytes;
    uint8_t *to = output;
    for (int32_t i = 0; i < n[0]; ++i) {
        for (int32_t j = 0; j < n[1]; ++j) {
            for (int32_t k = 0; k < n[2]; ++k) {
                for (int32_t l = 0; l < n[3]; ++l) {
                    const uint8_t *which = condition + place(&p->stride_condition[0], i, j, k, l);
                    const uint8_t *from_a = (const uint8_t *)a + place(&p->stride_a[0], i, j, k, l) * bytes;
                    const uint8_t *from_b = (const uint8_t *)b + place(&p->stride_b[0], i, j, k, l) * bytes;
                    for (int32_t m = 0; m < n[4]; ++m) {
                        memmove(to, *which ? from_a : from_b, (size_t)bytes);
                        which += p->stride_condition[4];
                        from_a += p->stride_a[4] * bytes;
                        from_b += p->stride_b[4] * bytes;
                        to += bytes;
                    }
                }
            }
        }
    }
}
