#include "copy.h"

#include <string.h>

/* The innermost axis: `count` runs. Returns the end of what it wrote. */
static uint8_t *copy_runs(const uint8_t *from, int32_t stride, int32_t count, int32_t run, uint8_t *to) {
    if (run == 1) {
        for (int32_t i = 0; i < count; ++i) {
            *to++ = *from;
            from += stride;
        }
        return to;
    }
    for (int32_t i = 0; i < count; ++i) {
        memcpy(to, from + i * stride, (size_t)run);
        to += run;
    }
    return to;
}

void edgekd_copy(const EDGEKD_FLASH struct edgekd_copy *p, const void *input, void *output) {
    const EDGEKD_FLASH int32_t *n = &p->shape[0];
    const EDGEKD_FLASH int32_t *s = &p->stride[0];
    const uint8_t *start = (const uint8_t *)input + p->start;
    uint8_t *to = output;
    for (int32_t i = 0; i < n[0]; ++i) {
        for (int32_t j = 0; j < n[1]; ++j) {
            for (int32_t k = 0; k < n[2]; ++k) {
                for (int32_t l = 0; l < n[3]; ++l) {
                    const uint8_t *from = start + i * s[0] + j * s[1] + k * s[2] + l * s[3];
                    to = copy_runs(from, s[4], n[4], p->run, to);
                }
            }
        }
    }
}
