/* Four channels a pass, so that a pixel's address is worth its calculation. */
#include "mean_pixels_s8_scalar.h"

static inline void four_channels(const struct edgekd_mean_pixels_s8 *p, const int8_t *image, int32_t c, int8_t *y) {
    const int32_t channels = p->channels;
    const int8_t *const end = image + p->pixels * channels + c;
    int32_t sum0 = 0;
    int32_t sum1 = 0;
    int32_t sum2 = 0;
    int32_t sum3 = 0;
    for (const int8_t *x = image + c; x != end; x += channels) {
        sum0 += x[0];
        sum1 += x[1];
        sum2 += x[2];
        sum3 += x[3];
    }
    y[c] = edgekd_mean_of_pixels_s8(p, sum0);
    y[c + 1] = edgekd_mean_of_pixels_s8(p, sum1);
    y[c + 2] = edgekd_mean_of_pixels_s8(p, sum2);
    y[c + 3] = edgekd_mean_of_pixels_s8(p, sum3);
}

void edgekd_mean_pixels_s8_scalar(const struct edgekd_mean_pixels_s8 *p, const int8_t *input, int8_t *output) {
    edgekd_mean_images_s8(p, input, output, four_channels);
}
