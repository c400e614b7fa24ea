/* Depthwise convolution, int8, channels last: four neighbouring channels a pass.
 *
 *      tap 0        tap 1                    one step from tap to tap: tap_step bytes of the image,
 *      x0 x1 x2 x3  x0 x1 x2 x3  ...         outputs bytes of the weights
 *      w0 w1 w2 w3  w0 w1 w2 w3  ...
 *
 * A window inside the image is read where it is. One that leaves the image, or lies on both ends of a ring of rows, is
 * first gathered into scratch, its padding written as the input's zero point, and read there with other steps.
 */
#include "depthwise_conv_2d_s8.h"

#include "requantize.h"

/* A window in memory: the first tap's first channel, and bytes from row to row and from tap to tap. */
struct taps {
    const int8_t *start;
    int32_t row_step;
    int32_t tap_step;
};

static inline int8_t result(const EDGEKD_FLASH struct edgekd_depthwise_conv_2d_s8 *p, int32_t channel, uint32_t sum) {
    const int32_t at = channel * p->per_channel;
    const int32_t scaled = edgekd_requantize((int32_t)sum, p->multiplier[at], p->shift[at]);
    return edgekd_offset_clamp_s8(scaled, p->zero_point, p->lowest, p->highest);
}

static void four_channels(const EDGEKD_FLASH struct edgekd_depthwise_conv_2d_s8 *p, struct taps taps, int32_t channel,
                          int8_t *y) {
    const int32_t channels = p->window.input_channels;
    const int8_t *row = taps.start + channel;
    const EDGEKD_FLASH int8_t *w = p->weights + channel;
    uint32_t sum0 = (uint32_t)p->bias[channel];
    uint32_t sum1 = (uint32_t)p->bias[channel + 1];
    uint32_t sum2 = (uint32_t)p->bias[channel + 2];
    uint32_t sum3 = (uint32_t)p->bias[channel + 3];
    for (int32_t i = 0; i < p->window.height; ++i) {
        const int8_t *x = row;
        for (int32_t j = 0; j < p->window.width; ++j) {
            sum0 += (uint32_t)(x[0] * w[0]);
            sum1 += (uint32_t)(x[1] * w[1]);
            sum2 += (uint32_t)(x[2] * w[2]);
            sum3 += (uint32_t)(x[3] * w[3]);
            x += taps.tap_step;
            w += channels;
        }
        row += taps.row_step;
    }
    y[channel] = result(p, channel, sum0);
    y[channel + 1] = result(p, channel + 1, sum1);
    y[channel + 2] = result(p, channel + 2, sum2);
    y[channel + 3] = result(p, channel + 3, sum3);
}

static void one_channel(const EDGEKD_FLASH struct edgekd_depthwise_conv_2d_s8 *p, struct taps taps,
                        int32_t input_channel, int32_t channel, int8_t *y) {
    const int32_t outputs = p->window.input_channels * p->depth_multiplier;
    const int8_t *row = taps.start + input_channel;
    const EDGEKD_FLASH int8_t *w = p->weights + channel;
    uint32_t sum = (uint32_t)p->bias[channel];
    for (int32_t i = 0; i < p->window.height; ++i) {
        const int8_t *x = row;
        for (int32_t j = 0; j < p->window.width; ++j) {
            sum += (uint32_t)(*x * *w);
            x += taps.tap_step;
            w += outputs;
        }
        row += taps.row_step;
    }
    y[channel] = result(p, channel, sum);
}

static void pixel(const EDGEKD_FLASH struct edgekd_depthwise_conv_2d_s8 *p, struct taps taps, int8_t *y) {
    const int32_t channels = p->window.input_channels;
    int32_t channel = 0;
    if (p->depth_multiplier == 1) {
        for (; channel + 4 <= channels; channel += 4) {
            four_channels(p, taps, channel, y);
        }
    }
    for (; channel < channels; ++channel) {
        for (int32_t m = 0; m < p->depth_multiplier; ++m) {
            one_channel(p, taps, channel, channel * p->depth_multiplier + m, y);
        }
    }
}

/* Whether the rows of the windows at output row y are in the image and one after the other in the buffer. */
static int rows_in_place(const EDGEKD_FLASH struct edgekd_window *w, int32_t y) {
    const int32_t top = y * w->stride_y - w->pad_top;
    const int32_t bottom = top + (w->height - 1) * w->dilation_y;
    return top >= 0 && bottom < w->input_height && top / w->input_rows == bottom / w->input_rows;
}

static struct taps window_at(const EDGEKD_FLASH struct edgekd_depthwise_conv_2d_s8 *p, const int8_t *image, int32_t y,
                             int32_t x, int in_place, int8_t *scratch) {
    const EDGEKD_FLASH struct edgekd_window *w = &p->window;
    const int32_t channels = w->input_channels;
    const int32_t left = x * w->stride_x - w->pad_left;
    const int32_t right = left + (w->width - 1) * w->dilation_x;
    if (!in_place || left < 0 || right >= w->input_width) {
        edgekd_gather_s8(w, image, y, x, 0, channels, p->input_zero_point, scratch);
        return (struct taps){scratch, w->width * channels, channels};
    }
    const int8_t *row = edgekd_input_row(w, image, y * w->stride_y - w->pad_top);
    return (struct taps){row + left * channels, w->dilation_y * w->input_width * channels, w->dilation_x * channels};
}

void edgekd_depthwise_conv_2d_s8(const EDGEKD_FLASH struct edgekd_depthwise_conv_2d_s8 *p, const int8_t *input,
                                 int8_t *output, void *scratch, int32_t first, int32_t last) {
    const EDGEKD_FLASH struct edgekd_window *w = &p->window;
    const int32_t outputs = w->input_channels * p->depth_multiplier;
    for (int32_t y = first; y < last; ++y) {
        const int in_place = rows_in_place(w, y);
        int8_t *to = edgekd_output_row(w, output, y, outputs);
        for (int32_t x = 0; x < w->output_width; ++x) {
            pixel(p, window_at(p, input, y, x, in_place, scratch), to + x * outputs);
        }
    }
}
