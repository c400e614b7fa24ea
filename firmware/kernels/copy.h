/* Bytes picked from a tensor in regular steps: TRANSPOSE, STRIDED_SLICE, SLICE, of elements of any type. */
#ifndef EDGEKD_COPY_H
#define EDGEKD_COPY_H

#include <stdint.h>

#include "flash.h"

#define EDGEKD_COPY_AXES 5

/* shape: how often along each axis, outermost first, 1 in front. stride: bytes of the input from one to the next, any
 * sign. start: where the first is. run: bytes copied each time, one after the other in the output.
 */
struct edgekd_copy {
    int32_t shape[EDGEKD_COPY_AXES];
    int32_t stride[EDGEKD_COPY_AXES];
    int32_t start;
    int32_t run;
};

void edgekd_copy(const EDGEKD_FLASH struct edgekd_copy *p, const void *input, void *output);

#endif
