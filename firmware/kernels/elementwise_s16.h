/* ADD, SUB and MUL of 16-bit numbers; zero points are 0. */
#ifndef EDGEKD_ELEMENTWISE_S16_H
#define EDGEKD_ELEMENTWISE_S16_H

#include "add_s8.h"
#include "mul_s8.h"

/* As for 8 bits, but that ADD and SUB give their operands 15 more bits. output may be an operand that has its shape. */
void edgekd_add_s16(const EDGEKD_FLASH struct edgekd_add_broadcast_s8 *p, const int16_t *a, const int16_t *b,
                    int16_t *output);
void edgekd_mul_s16(const EDGEKD_FLASH struct edgekd_mul_broadcast_s8 *p, const int16_t *a, const int16_t *b,
                    int16_t *output);

#endif
