/* ARG_MAX and ARG_MIN along one axis, int8: where the largest (smallest) number is, the first of equals. */
#ifndef EDGEKD_ARG_MAX_S8_H
#define EDGEKD_ARG_MAX_S8_H

#include <stdint.h>

#include "flash.h"

struct edgekd_arg_max_s8 {
    int32_t outer;
    int32_t extent; /* of the axis */
    int32_t inner;
};

/* input: [outer][extent][inner]. output: [outer][inner]. */
void edgekd_arg_max_s8(const EDGEKD_FLASH struct edgekd_arg_max_s8 *p, const int8_t *input, int32_t *output);
void edgekd_arg_min_s8(const EDGEKD_FLASH struct edgekd_arg_max_s8 *p, const int8_t *input, int32_t *output);

#endif
