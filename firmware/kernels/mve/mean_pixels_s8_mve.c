/* Four channels a pass. */
#include "mean_pixels_s8_mve.h"

#include <arm_mve.h>

static inline void four_channels(const struct edgekd_mean_pixels_s8 *p, const int8_t *image, int32_t c, int8_t *y) {
    const int8_t *x = image + c;
    int32_t sums[4];
    int32x4_t sum = vdupq_n_s32(0);
    for (int32_t i = p->pixels; i > 0; --i) {
        sum = vaddq_s32(sum, vldrbq_s32(x));
        x += p->channels;
    }
    vst1q_s32(sums, sum);
    for (int32_t i = 0; i < 4; ++i) {
        y[c + i] = edgekd_mean_of_pixels_s8(p, sums[i]);
    }
}

void edgekd_mean_pixels_s8_mve(const struct edgekd_mean_pixels_s8 *p, const int8_t *input, int8_t *output) {
    edgekd_mean_images_s8(p, input, output, four_channels);
}
