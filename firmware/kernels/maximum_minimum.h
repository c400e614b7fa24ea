/* MAXIMUM and MINIMUM of two tensors on one scale, LOGICAL_OR and LOGICAL_AND of booleans, with broadcasting. */
#ifndef EDGEKD_MAXIMUM_MINIMUM_H
#define EDGEKD_MAXIMUM_MINIMUM_H

#include "broadcast.h"

struct edgekd_maximum_minimum {
    struct edgekd_broadcast walk;
};

/* output may be an operand that has its shape. */
void edgekd_maximum_s8(const EDGEKD_FLASH struct edgekd_maximum_minimum *p, const int8_t *a, const int8_t *b,
                       int8_t *output);
void edgekd_minimum_s8(const EDGEKD_FLASH struct edgekd_maximum_minimum *p, const int8_t *a, const int8_t *b,
                       int8_t *output);
void edgekd_maximum_s16(const EDGEKD_FLASH struct edgekd_maximum_minimum *p, const int16_t *a, const int16_t *b,
                        int16_t *output);
void edgekd_minimum_s16(const EDGEKD_FLASH struct edgekd_maximum_minimum *p, const int16_t *a, const int16_t *b,
                        int16_t *output);
/* Of numbers that are 0 or 1. */
void edgekd_maximum_bool(const EDGEKD_FLASH struct edgekd_maximum_minimum *p, const uint8_t *a, const uint8_t *b,
                         uint8_t *output);
void edgekd_minimum_bool(const EDGEKD_FLASH struct edgekd_maximum_minimum *p, const uint8_t *a, const uint8_t *b,
                         uint8_t *output);

#endif
