/* PAD and PADV2 of 8-bit elements. */
#ifndef EDGEKD_PAD_8_H
#define EDGEKD_PAD_8_H

#include <stdint.h>

#include "flash.h"

#define EDGEKD_PAD_AXES 4

/* The input is shape[0] x ... x shape[3] runs of `run` bytes, axes joined where there is no padding between, 1 in
 * front. stride: bytes of the output from one to the next. start: where the first run goes.
 */
struct edgekd_pad_8 {
    int32_t shape[EDGEKD_PAD_AXES];
    int32_t stride[EDGEKD_PAD_AXES];
    int32_t start;
    int32_t run;
    int32_t output_bytes;
    int32_t value;
};

void edgekd_pad_8(const EDGEKD_FLASH struct edgekd_pad_8 *p, const void *input, void *output);

#endif
