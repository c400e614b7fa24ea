/* Two operands walked together, either repeated along axes where it has one element.
 *
 * shape: of the output, outermost first, axes joined where possible and 1 in front. stride_a, stride_b: elements from
 * one index of an axis to the next in that operand; 0 repeats it.
 */
#ifndef EDGEKD_BROADCAST_H
#define EDGEKD_BROADCAST_H

#include <stdint.h>

#include "flash.h"

#define EDGEKD_BROADCAST_AXES 5

struct edgekd_broadcast {
    int32_t shape[EDGEKD_BROADCAST_AXES];
    int32_t stride_a[EDGEKD_BROADCAST_AXES];
    int32_t stride_b[EDGEKD_BROADCAST_AXES];
};

/* One row: `count` outputs, operands `stride_a` and `stride_b` elements apart. */
typedef void (*edgekd_row)(const EDGEKD_FLASH void *parameters, const void *a, int32_t stride_a, const void *b,
                           int32_t stride_b, void *output, int32_t count);

/* Calls `row` for each row of the output, in order. bytes_a, bytes_b, bytes: of an element. Inlined, so that `row` is
 * too.
 */
static inline void edgekd_broadcast_rows(const EDGEKD_FLASH struct edgekd_broadcast *w,
                                         const EDGEKD_FLASH void *parameters, const void *a, int32_t bytes_a,
                                         const void *b, int32_t bytes_b, void *output, int32_t bytes, edgekd_row row) {
    const EDGEKD_FLASH int32_t *n = &w->shape[0];
    const EDGEKD_FLASH int32_t *sa = &w->stride_a[0];
    const EDGEKD_FLASH int32_t *sb = &w->stride_b[0];
    const uint8_t *from_a = a;
    const uint8_t *from_b = b;
    uint8_t *to = output;
    for (int32_t i = 0; i < n[0]; ++i) {
        for (int32_t j = 0; j < n[1]; ++j) {
            for (int32_t k = 0; k < n[2]; ++k) {
                for (int32_t l = 0; l < n[3]; ++l) {
                    row(parameters, from_a + (i * sa[0] + j * sa[1] + k * sa[2] + l * sa[3]) * bytes_a, sa[4],
                        from_b + (i * sb[0] + j * sb[1] + k * sb[2] + l * sb[3]) * bytes_b, sb[4], to, n[4]);
                    to += n[4] * bytes;
                }
            }
        }
    }
}

#endif
