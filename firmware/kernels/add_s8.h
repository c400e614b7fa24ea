/* ADD and SUB, int8, with broadcasting. */
#ifndef EDGEKD_ADD_S8_H
#define EDGEKD_ADD_S8_H

#include "broadcast.h"

/* Operands are brought to a common scale, twice the larger one, with 20 more bits: (x - zero_point) * 2^20, requantized
 * by multiplier and shift. sign_a, sign_b: 1, or -1 for the operand that is subtracted.
 */
struct edgekd_add_s8 {
    int32_t zero_point_a;
    int32_t multiplier_a;
    int32_t shift_a;
    int32_t sign_a;
    int32_t zero_point_b;
    int32_t multiplier_b;
    int32_t shift_b;
    int32_t sign_b;
    int32_t zero_point; /* of the output */
    int32_t multiplier;
    int32_t shift;
    int32_t lowest;
    int32_t highest;
};

/* The same with operands of other shapes, repeated. */
struct edgekd_add_broadcast_s8 {
    struct edgekd_broadcast walk;
    struct edgekd_add_s8 add;
};

/* `count` elements of each. output may be an operand. */
void edgekd_add_s8(const EDGEKD_FLASH struct edgekd_add_s8 *p, const int8_t *a, const int8_t *b, int8_t *output,
                   int32_t count);

/* output may be an operand that has its shape. */
void edgekd_add_broadcast_s8(const EDGEKD_FLASH struct edgekd_add_broadcast_s8 *p, const int8_t *a, const int8_t *b,
                             int8_t *output);

#endif
