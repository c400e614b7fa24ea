/* AVERAGE_POOL_2D and MAX_POOL_2D, int8, at least 4 channels, for the DSP extension. */
#ifndef EDGEKD_POOL_2D_S8_DSP_H
#define EDGEKD_POOL_2D_S8_DSP_H

#include "pool_2d_s8.h"

/* Output rows first to last - 1 of one image, see window.h. The average is one of 256 pixels at most. */
void edgekd_average_pool_2d_s8_dsp(const struct edgekd_pool_2d_s8 *p, const int8_t *input, int8_t *output,
                                   int32_t first, int32_t last);
void edgekd_max_pool_2d_s8_dsp(const struct edgekd_pool_2d_s8 *p, const int8_t *input, int8_t *output, int32_t first,
                               int32_t last);

#endif
