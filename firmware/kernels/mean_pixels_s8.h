/* MEAN and SUM of the pixels of images, int8: what the kernels of instruction sets have in common. The portable kernel
 * is mean_s8.h's, for any axes.
 */
#ifndef EDGEKD_MEAN_PIXELS_S8_H
#define EDGEKD_MEAN_PIXELS_S8_H

#include "flash.h"
#include "requantize.h"

/* input: [images][pixels][channels]. output: [images][channels]. offset, multiplier, shift: as in mean_s8.h. */
struct edgekd_mean_pixels_s8 {
    int32_t images;
    int32_t pixels;
    int32_t channels; /* 4 or more */
    int32_t offset;
    int32_t multiplier;
    int32_t shift;
    int32_t zero_point; /* of the output */
};

static inline int8_t edgekd_mean_of_pixels_s8(const EDGEKD_FLASH struct edgekd_mean_pixels_s8 *p, int32_t sum) {
    const int32_t mean = edgekd_requantize(sum - p->offset, p->multiplier, p->shift);
    return edgekd_offset_clamp_s8(mean, p->zero_point, INT8_MIN, INT8_MAX);
}

/* Channels c to c + 3 of an image. y: its outputs. */
typedef void edgekd_mean_channels_s8(const EDGEKD_FLASH struct edgekd_mean_pixels_s8 *p, const int8_t *image, int32_t c,
                                     int8_t *y);

/* All images. The last four channels may be some of those before them again. Inlined, so that `four` is too. */
static inline void edgekd_mean_images_s8(const EDGEKD_FLASH struct edgekd_mean_pixels_s8 *p, const int8_t *input,
                                         int8_t *output, edgekd_mean_channels_s8 *four) {
    for (int32_t image = 0; image < p->images; ++image) {
        for (int32_t c = 0; c < p->channels; c += 4) {
            four(p, input, c < p->channels - 4 ? c : p->channels - 4, output);
        }
        input += p->pixels * p->channels;
        output += p->channels;
    }
}

#endif
