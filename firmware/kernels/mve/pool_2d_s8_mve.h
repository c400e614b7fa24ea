/* AVERAGE_POOL_2D and MAX_POOL_2D, int8, MVE: as in pool_2d_s8.h. */
#ifndef EDGEKD_POOL_2D_S8_MVE_H
#define EDGEKD_POOL_2D_S8_MVE_H

#include "pool_2d_s8.h"

void edgekd_average_pool_2d_s8_mve(const struct edgekd_pool_2d_s8 *p, const int8_t *input, int8_t *output,
                                   int32_t first, int32_t last);
void edgekd_max_pool_2d_s8_mve(const struct edgekd_pool_2d_s8 *p, const int8_t *input, int8_t *output, int32_t first,
                               int32_t last);

#endif
