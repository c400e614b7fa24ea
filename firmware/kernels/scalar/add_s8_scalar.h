/* ADD and SUB, int8, two tensors of the same shape, for cores without SIMD. */
#ifndef EDGEKD_ADD_S8_SCALAR_H
#define EDGEKD_ADD_S8_SCALAR_H

#include <stdint.h>

/* result = (offset + a * factor_a + b * factor_b) >> shift, then the fused activation. No step leaves 32 bits.
 * edgekd/compiler/isa/scalar/elementwise.py finds numbers that give what add_s8.h defines for all pairs of operands.
 */
struct edgekd_add_s8_scalar {
    int32_t factor_a;
    int32_t factor_b;
    int32_t offset;
    int32_t shift;
    int32_t lowest;
    int32_t highest;
};

/* `count` elements of each. output may be an operand. */
void edgekd_add_s8_scalar(const struct edgekd_add_s8_scalar *p, const int8_t *a, const int8_t *b, int8_t *output,
                          int32_t count);

#endif
