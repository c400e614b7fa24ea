/* MEAN and SUM of 16-bit numbers; parameters as for 8 bits. */
#ifndef EDGEKD_MEAN_S16_H
#define EDGEKD_MEAN_S16_H

#include "mean_s8.h"

void edgekd_mean_s16(const EDGEKD_FLASH struct edgekd_mean_s8 *p, const int16_t *input, int16_t *output);

#endif
