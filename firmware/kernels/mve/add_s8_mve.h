/* ADD and SUB of two tensors of one shape, int8, MVE. */
#ifndef EDGEKD_ADD_S8_MVE_H
#define EDGEKD_ADD_S8_MVE_H

#include "add_s8.h"

/* sign_a is 1. No shift is above 0. `count` elements of each; output may be an operand. */
void edgekd_add_s8_mve(const struct edgekd_add_s8 *p, const int8_t *a, const int8_t *b, int8_t *output, int32_t count);

#endif
