#include "maximum_minimum.h"

#include <stdbool.h>

static inline void row_s8(const int8_t *a, int32_t stride_a, const int8_t *b, int32_t stride_b, int8_t *output,
                          int32_t count, bool largest) {
    for (int32_t i = 0; i < count; ++i) {
        const int8_t x = *a;
        const int8_t y = *b;
        output[i] = (x > y) == largest ? x : y;
        a += stride_a;
        b += stride_b;
    }
}

static inline void row_s16(const int16_t *a, int32_t stride_a, const int16_t *b, int32_t stride_b, int16_t *output,
                           int32_t count, bool largest) {
    for (int32_t i = 0; i < count; ++i) {
        const int16_t x = *a;
        const int16_t y = *b;
        output[i] = (x > y) == largest ? x : y;
        a += stride_a;
        b += stride_b;
    }
}

static void maximum_s8(const EDGEKD_FLASH void *p, const void *a, int32_t stride_a, const void *b, int32_t stride_b,
                       void *output, int32_t count) {
    (void)p;
    row_s8(a, stride_a, b, stride_b, output, count, true);
}

static void minimum_s8(const EDGEKD_FLASH void *p, const void *a, int32_t stride_a, const void *b, int32_t stride_b,
                       void *output, int32_t count) {
    (void)p;
    row_s8(a, stride_a, b, stride_b, output, count, false);
}

static void maximum_s16(const EDGEKD_FLASH void *p, const void *a, int32_t stride_a, const void *b, int32_t stride_b,
                        void *output, int32_t count) {
    (void)p;
    row_s16(a, stride_a, b, stride_b, output, count, true);
}

static void minimum_s16(const EDGEKD_FLASH void *p, const void *a, int32_t stride_a, const void *b, int32_t stride_b,
                        void *output, int32_t count) {
    (void)p;
    row_s16(a, stride_a, b, stride_b, output, count, false);
}

void edgekd_maximum_s8(const EDGEKD_FLASH struct edgekd_maximum_minimum *p, const int8_t *a, const int8_t *b,
                       int8_t *output) {
    edgekd_broadcast_rows(&p->walk, p, a, 1, b, 1, output, 1, maximum_s8);
}

void edgekd_minimum_s8(const EDGEKD_FLASH struct edgekd_maximum_minimum *p, const int8_t *a, const int8_t *b,
                       int8_t *output) {
    edgekd_broadcast_rows(&p->walk, p, a, 1, b, 1, output, 1, minimum_s8);
}

void edgekd_maximum_s16(const EDGEKD_FLASH struct edgekd_maximum_minimum *p, const int16_t *a, const int16_t *b,
                        int16_t *output) {
    edgekd_broadcast_rows(&p->walk, p, a, 2, b, 2, output, 2, maximum_s16);
}

void edgekd_minimum_s16(const EDGEKD_FLASH struct edgekd_maximum_minimum *p, const int16_t *a, const int16_t *b,
                        int16_t *output) {
    edgekd_broadcast_rows(&p->walk, p, a, 2, b, 2, output, 2, minimum_s16);
}

void edgekd_maximum_bool(const EDGEKD_FLASH struct edgekd_maximum_minimum *p, const uint8_t *a, const uint8_t *b,
                         uint8_t *output) {
    edgekd_broadcast_rows(&p->walk, p, a, 1, b, 1, output, 1, maximum_s8);
}

void edgekd_minimum_bool(const EDGEKD_FLASH struct edgekd_maximum_minimum *p, const uint8_t *a, const uint8_t *b,
                         uint8_t *output) {
    edgekd_broadcast_rows(&p->walk, p, a, 1, b, 1, output, 1, minimum_s8);
}
