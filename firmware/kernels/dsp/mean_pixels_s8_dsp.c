/* Four channels a pass, two sums a word: halfwords hold the sums of up to 256 pixels. */
#include "mean_pixels_s8_dsp.h"

#include "lanes_dsp.h"
#include "words_dsp.h"

enum { MOST_PIXELS = 256 };

static inline void four_channels(const struct edgekd_mean_pixels_s8 *p, const int8_t *image, int32_t c, int8_t *y) {
    const int32_t channels = p->channels;
    const int8_t *x = image + c;
    int32_t sums[4] = {0};
    int32_t left = p->pixels;
    while (left > 0) {
        int32_t even = 0;
        int32_t odd = 0;
        const int32_t count = left < MOST_PIXELS ? left : MOST_PIXELS;
        for (const int8_t *const end = x + count * channels; x != end; x += channels) {
            const int32_t word = edgekd_load_4_dsp(x);
            even = __sxtab16(even, word);
            odd = edgekd_add_odd_dsp(odd, word);
        }
        sums[0] += (int16_t)even;
        sums[1] += (int16_t)odd;
        sums[2] += even >> 16;
        sums[3] += odd >> 16;
        left -= count;
    }
    for (int32_t i = 0; i < 4; ++i) {
        y[c + i] = edgekd_mean_of_pixels_s8(p, sums[i]);
    }
}

void edgekd_mean_pixels_s8_dsp(const struct edgekd_mean_pixels_s8 *p, const int8_t *input, int8_t *output) {
    edgekd_mean_images_s8(p, input, output, four_channels);
}
