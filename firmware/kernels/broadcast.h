/* Two operands walked together, either repeated along axes where it has one element.
 *
 * shape: of the output, outermost first, axes joined where possible and 1 in front. stride_a, stride_b: elements from
 * one index of an axis to the next in that operand; 0 repeats it.
 */
#ifndef EDGEKD_BROADCAST_H
#define EDGEKD_BROADCAST_H

#include <stdint.h>

#define EDGEKD_BROADCAST_AXES 5

struct edgekd_broadcast {
    int32_t shape[EDGEKD_BROADCAST_AXES];
    int32_t stride_a[EDGEKD_BROADCAST_AXES];
    int32_t stride_b[EDGEKD_BROADCAST_AXES];
};

/* One row: `count` outputs, operands `stride_a` and `stride_b` apart. */
typedef void (*edgekd_row_s8)(const void *parameters, const int8_t *a, int32_t stride_a, const int8_t *b,
                              int32_t stride_b, int8_t *output, int32_t count);

/* Calls `row` for each row of the output, in order. Inlined, so that `row` is too. */
static inline void edgekd_broadcast_rows_s8(const struct edgekd_broadcast *w, const void *parameters, const int8_t *a,
                                            const int8_t *b, int8_t *output, edgekd_row_s8 row) {
    const int32_t *n = w->shape;
    const int32_t *sa = w->stride_a;
    const int32_t *sb = w->stride_b;
    for (int32_t i = 0; i < n[0]; ++i) {
        for (int32_t j = 0; j < n[1]; ++j) {
            for (int32_t k = 0; k < n[2]; ++k) {
                for (int32_t l = 0; l < n[3]; ++l) {
                    row(parameters, a + i * sa[0] + j * sa[1] + k * sa[2] + l * sa[3], sa[4],
                        b + i * sb[0] + j * sb[1] + k * sb[2] + l * sb[3], sb[4], output, n[4]);
                    output += n[4];
                }
            }
        }
    }
}

#endif
