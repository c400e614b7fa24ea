/* MEAN and SUM of the pixels of images, int8, for the DSP extension. */
#ifndef EDGEKD_MEAN_PIXELS_S8_DSP_H
#define EDGEKD_MEAN_PIXELS_S8_DSP_H

#include "mean_pixels_s8.h"

void edgekd_mean_pixels_s8_dsp(const struct edgekd_mean_pixels_s8 *p, const int8_t *input, int8_t *output);

#endif
