/* SELECT_V2: elements of one of two tensors, as a condition says, with broadcasting; elements of any type. */
#ifndef EDGEKD_SELECT_H
#define EDGEKD_SELECT_H

#include <stdint.h>

#include "flash.h"

#define EDGEKD_SELECT_AXES 5

/* shape: of the output. The strides say how many elements it is from one index of an axis to the next; 0 repeats. */
struct edgekd_select {
    int32_t shape[EDGEKD_SELECT_AXES];
    int32_t stride_condition[EDGEKD_SELECT_AXES];
    int32_t stride_a[EDGEKD_SELECT_AXES];
    int32_t stride_b[EDGEKD_SELECT_AXES];
    int32_t bytes; /* of an element */
};

/* condition: not 0 for an element of a. output may be a or b if that has its shape. */
void edgekd_select(const EDGEKD_FLASH struct edgekd_select *p, const uint8_t *condition, const void *a, const void *b,
                   void *output);

#endif
