/* MUL of two tensors of one shape, or of one and the numbers of its channels, int8, MVE. */
#ifndef EDGEKD_MUL_S8_MVE_H
#define EDGEKD_MUL_S8_MVE_H

#include "mul_s8.h"

/* a: [rows][count]. b: [count]. */
struct edgekd_mul_rows_s8_mve {
    struct edgekd_mul_s8 mul;
    int32_t rows;
    int32_t count;
};

/* The shift is not above 0. `count` elements of each; output may be an operand. */
void edgekd_mul_s8_mve(const struct edgekd_mul_s8 *p, const int8_t *a, const int8_t *b, int8_t *output, int32_t count);

/* The same of rows; output may be a. */
void edgekd_mul_rows_s8_mve(const struct edgekd_mul_rows_s8_mve *p, const int8_t *a, const int8_t *b, int8_t *output);

#endif
