/* AVERAGE_POOL_2D and MAX_POOL_2D of 16-bit numbers; parameters as for 8 bits. */
#ifndef EDGEKD_POOL_2D_S16_H
#define EDGEKD_POOL_2D_S16_H

#include "pool_2d_s8.h"

/* Output rows first to last - 1 of one image, see window.h. */
void edgekd_average_pool_2d_s16(const EDGEKD_FLASH struct edgekd_pool_2d_s8 *p, const int16_t *input, int16_t *output,
                                int32_t first, int32_t last);
void edgekd_max_pool_2d_s16(const EDGEKD_FLASH struct edgekd_pool_2d_s8 *p, const int16_t *input, int16_t *output,
                            int32_t first, int32_t last);

#endif
