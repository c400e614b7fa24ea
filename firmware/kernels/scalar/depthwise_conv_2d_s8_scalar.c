/* Any window: every input is loaded for every tap. */
#include "depthwise_pixels_scalar.h"

/* x: the input of one tap for the first pixel, the others' step apart. */
EDGEKD_INLINE_SCALAR void add_tap(uint32_t sums[PIXELS], int32_t pixels, const int8_t *x, int32_t step, int32_t w) {
    edgekd_add_product_scalar(&sums[0], x[0], w);
    if (pixels == PIXELS) {
        edgekd_add_product_scalar(&sums[1], x[step], w);
        edgekd_add_product_scalar(&sums[2], x[2 * step], w);
        edgekd_add_product_scalar(&sums[3], (x + step)[2 * step], w);
    }
}

EDGEKD_INLINE_SCALAR void pixels_at(const struct edgekd_depthwise_conv_2d_s8_scalar *p, int32_t pixels, const int8_t *x,
                                    int8_t *y) {
    const struct edgekd_window *const window = &p->window;
    const int32_t channels = window->input_channels;
    const int32_t outputs = channels * p->depth_multiplier;
    const int8_t *w = p->weights;
    int32_t output = 0;
    for (int32_t channel = 0; channel < channels; ++channel) {
        for (int32_t m = p->depth_multiplier; m > 0; --m) {
            uint32_t sums[PIXELS];
            sums[0] = sums[1] = sums[2] = sums[3] = (uint32_t)p->bias[output];
            const int8_t *row = x + channel;
            for (int32_t i = window->height; i > 0; --i) {
                const int8_t *tap = row;
                for (int32_t j = window->width; j > 0; --j) {
                    add_tap(sums, pixels, tap, window->stride_x * channels, *w++);
                    tap += window->dilation_x * channels;
                }
                row += p->row_width * channels;
            }
            edgekd_depthwise_finish_scalar(p, output, pixels, sums, y + output, outputs);
            ++output;
        }
    }
}

static void four_pixels(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *x, int8_t *y) {
    pixels_at(p, PIXELS, x, y);
}

static void one_pixel(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *x, int8_t *y) {
    pixels_at(p, 1, x, y);
}

void edgekd_depthwise_conv_2d_s8_scalar(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *input,
                                        int8_t *output, void *scratch, int32_t first, int32_t last) {
    edgekd_depthwise_walk_scalar(p, input, output, scratch, first, last, four_pixels, one_pixel);
}
