/* MUL, int8, with broadcasting. */
#ifndef EDGEKD_MUL_S8_H
#define EDGEKD_MUL_S8_H

#include "broadcast.h"

struct edgekd_mul_s8 {
    int32_t zero_point_a;
    int32_t zero_point_b;
    int32_t zero_point; /* of the output */
    int32_t multiplier;
    int32_t shift;
    int32_t lowest;
    int32_t highest;
};

/* The same with operands of other shapes, repeated. */
struct edgekd_mul_broadcast_s8 {
    struct edgekd_broadcast walk;
    struct edgekd_mul_s8 mul;
};

/* `count` elements of each. output may be an operand. */
void edgekd_mul_s8(const EDGEKD_FLASH struct edgekd_mul_s8 *p, const int8_t *a, const int8_t *b, int8_t *output,
                   int32_t count);

/* output may be an operand that has its shape. */
void edgekd_mul_broadcast_s8(const EDGEKD_FLASH struct edgekd_mul_broadcast_s8 *p, const int8_t *a, const int8_t *b,
                             int8_t *output);

#endif
