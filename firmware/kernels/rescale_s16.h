/* QUANTIZE to and from 16-bit numbers. */
#ifndef EDGEKD_RESCALE_S16_H
#define EDGEKD_RESCALE_S16_H

#include "flash.h"

#include <stdint.h>

struct edgekd_rescale_s16 {
    int32_t input_zero_point;
    int32_t multiplier;
    int32_t shift;
    int32_t zero_point; /* of the output */
};

/* `count` numbers; output may be input where they are equally wide. */
void edgekd_rescale_s8_s16(const EDGEKD_FLASH struct edgekd_rescale_s16 *p, const int8_t *input, int16_t *output,
                           int32_t count);
void edgekd_rescale_s16_s8(const EDGEKD_FLASH struct edgekd_rescale_s16 *p, const int16_t *input, int8_t *output,
                           int32_t count);
void edgekd_rescale_s16_s16(const EDGEKD_FLASH struct edgekd_rescale_s16 *p, const int16_t *input, int16_t *output,
                            int32_t count);

#endif
