/* Runs of bytes picked from a tensor at offsets that add up along axes: GATHER, REVERSE_V2, RESIZE_NEAREST_NEIGHBOR,
 * MIRROR_PAD, SPACE_TO_BATCH_ND, BATCH_TO_SPACE_ND, of elements of any type.
 */
#ifndef EDGEKD_GATHER_H
#define EDGEKD_GATHER_H

#include <stdint.h>

#include "flash.h"

#define EDGEKD_GATHER_AXES 4

/* The output is shape[0] x ... x shape[3] runs of `run` bytes. offsets: of the input, in bytes, shape[0] of them for
 * the first axis, then those of the next; a run is where the four of its place lead together.
 */
struct edgekd_gather {
    int32_t shape[EDGEKD_GATHER_AXES];
    const EDGEKD_FLASH int32_t *offsets;
    int32_t run;
};

void edgekd_gather(const EDGEKD_FLASH struct edgekd_gather *p, const void *input, void *output);

#endif
