/* Any function of one 8-bit number, as a table made on the host: RELU, LOGISTIC, a change of scale, ... */
#ifndef EDGEKD_LOOKUP_8_H
#define EDGEKD_LOOKUP_8_H

#include <stdint.h>

#include "flash.h"

/* table: 256 results, at the input's bits read as an unsigned number. */
struct edgekd_lookup_8 {
    const EDGEKD_FLASH int8_t *table;
};

/* input, output: int8 or uint8, [count]. output may be input. */
void edgekd_lookup_8(const EDGEKD_FLASH struct edgekd_lookup_8 *p, const void *input, void *output, int32_t count);

#endif
