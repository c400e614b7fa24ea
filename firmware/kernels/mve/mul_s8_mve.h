/* MUL of two tensors of one shape, int8, MVE. */
#ifndef EDGEKD_MUL_S8_MVE_H
#define EDGEKD_MUL_S8_MVE_H

#include "mul_s8.h"

/* The shift is not above 0. `count` elements of each; output may be an operand. */
void edgekd_mul_s8_mve(const struct edgekd_mul_s8 *p, const int8_t *a, const int8_t *b, int8_t *output, int32_t count);

#endif
