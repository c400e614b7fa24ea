/* CONCATENATION, and SPLIT, its reverse: elements of any type. */
#ifndef EDGEKD_CONCATENATION_H
#define EDGEKD_CONCATENATION_H

#include <stdint.h>

#include "flash.h"

/* The whole is `outer` rounds of one piece from each part, piece_bytes[i] from part i. */
struct edgekd_concatenation {
    int32_t outer;
    int32_t parts;
    const EDGEKD_FLASH int32_t *piece_bytes;
};

void edgekd_concatenation(const EDGEKD_FLASH struct edgekd_concatenation *p, const void *const *inputs, void *output);
void edgekd_split(const EDGEKD_FLASH struct edgekd_concatenation *p, const void *input, void *const *outputs);

#endif
