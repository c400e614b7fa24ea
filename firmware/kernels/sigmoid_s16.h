/* LOGISTIC and TANH of 16-bit numbers: a table of the logistic function, interpolated. */
#ifndef EDGEKD_SIGMOID_S16_H
#define EDGEKD_SIGMOID_S16_H

#include "flash.h"

#include <stdint.h>

/* table: at [i], 65536 / (1 + e^(-i / 24)) - 32768, 256 of them. The input comes to steps of 1 / (3 * 2^12) by
 * * multiplier / 2^shift.
 */
struct edgekd_sigmoid_s16 {
    const EDGEKD_FLASH int16_t *table;
    int32_t multiplier; /* at most 32767 */
    int32_t shift;
};

/* `count` numbers; output may be input. Output scale 2^-15. */
void edgekd_logistic_s16(const EDGEKD_FLASH struct edgekd_sigmoid_s16 *p, const int16_t *input, int16_t *output,
                         int32_t count);
void edgekd_tanh_s16(const EDGEKD_FLASH struct edgekd_sigmoid_s16 *p, const int16_t *input, int16_t *output,
                     int32_t count);

#endif
