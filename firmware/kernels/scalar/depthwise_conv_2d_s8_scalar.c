/* Depthwise convolution, int8, plain C: four neighbouring pixels of one channel a pass.
 *
 * The rows that the windows of one output row touch are copied to scratch with their padding, so that no window is
 * special:
 *
 *      scratch   [window height][row_width][channels]      padding holds the input's zero point
 *
 * Three taps of a row at stride 1 take six inputs for four pixels, each loaded once:
 *
 *      x0 x1 x2 x3 x4 x5       sum0 += w0 x0 + w1 x1 + w2 x2      sum1 += w0 x1 + w1 x2 + w2 x3   ...
 *
 * and at stride 2 nine. Other windows load every input for every tap. Pixels behind the last four are made one by one.
 */
#include "depthwise_conv_2d_s8_scalar.h"

#include "copy_scalar.h"
#include "requantize_scalar.h"

#define INLINE static inline __attribute__((always_inline))

enum { PIXELS = 4 };

/* sum + x * w, product by product: see sums_scalar.c. */
INLINE void add_product(uint32_t *sum, int32_t x, int32_t w) {
    *sum += (uint32_t)(x * w);
    __asm__("" : "+r"(*sum));
}

/* A row of three neighbouring taps. x: the first input, the others step apart. stride: 1 or 2. */
INLINE void add_three_taps(uint32_t sums[PIXELS], int32_t pixels, int32_t stride, const int8_t *x, int32_t step,
                           const int8_t *w) {
    const int32_t w0 = w[0];
    const int32_t w1 = w[1];
    const int32_t w2 = w[2];
    if (pixels == 1) {
        add_product(&sums[0], x[0], w0);
        add_product(&sums[0], x[step], w1);
        add_product(&sums[0], x[2 * step], w2);
    } else if (stride == 1) {
        const int8_t *const right = x + 3 * step;
        add_product(&sums[0], x[0], w0);
        const int32_t x1 = x[step];
        add_product(&sums[0], x1, w1);
        add_product(&sums[1], x1, w0);
        const int32_t x2 = x[2 * step];
        add_product(&sums[0], x2, w2);
        add_product(&sums[1], x2, w1);
        add_product(&sums[2], x2, w0);
        const int32_t x3 = right[0];
        add_product(&sums[1], x3, w2);
        add_product(&sums[2], x3, w1);
        add_product(&sums[3], x3, w0);
        const int32_t x4 = right[step];
        add_product(&sums[2], x4, w2);
        add_product(&sums[3], x4, w1);
        add_product(&sums[3], right[2 * step], w2);
    } else {
        const int8_t *const right = x + 4 * step;
        add_product(&sums[0], x[0], w0);
        add_product(&sums[0], x[step], w1);
        const int32_t x2 = x[2 * step];
        add_product(&sums[0], x2, w2);
        add_product(&sums[1], x2, w0);
        add_product(&sums[1], (x + step)[2 * step], w1);
        const int32_t x4 = right[0];
        add_product(&sums[1], x4, w2);
        add_product(&sums[2], x4, w0);
        add_product(&sums[2], right[step], w1);
        const int32_t x6 = right[2 * step];
        add_product(&sums[2], x6, w2);
        add_product(&sums[3], x6, w0);
        add_product(&sums[3], (right + step)[2 * step], w1);
        add_product(&sums[3], right[4 * step], w2);
    }
}

/* x: the input of one tap for the first pixel, the others' step apart. */
INLINE void add_tap(uint32_t sums[PIXELS], int32_t pixels, const int8_t *x, int32_t step, int32_t w) {
    add_product(&sums[0], x[0], w);
    if (pixels == PIXELS) {
        add_product(&sums[1], x[step], w);
        add_product(&sums[2], x[2 * step], w);
        add_product(&sums[3], (x + step)[2 * step], w);
    }
}

/* The results of one output of one pixel or of PIXELS neighbours. */
INLINE void finish(const struct edgekd_depthwise_conv_2d_s8_scalar *p, int32_t output, int32_t pixels,
                   const uint32_t sums[PIXELS], int8_t *y, int32_t step) {
    const int32_t channel = output * p->per_channel;
    const int32_t multiplier = p->multiplier[channel];
    const int32_t shift = p->shift[channel];
    if (shift > 0) {
        const int32_t offset = edgekd_offset_scalar(2 * p->zero_point + 1, shift);
        y[0] = edgekd_result_scalar((int32_t)sums[0], multiplier, shift, offset);
        if (pixels == PIXELS) {
            y[step] = edgekd_result_scalar((int32_t)sums[1], multiplier, shift, offset);
            y[2 * step] = edgekd_result_scalar((int32_t)sums[2], multiplier, shift, offset);
            y[3 * step] = edgekd_result_scalar((int32_t)sums[3], multiplier, shift, offset);
        }
    } else {
        const uint32_t kept[PIXELS] = {sums[0], sums[1], sums[2], sums[3]}; /* so that only these are in memory */
        for (int32_t i = 0; i < pixels; ++i) {
            y[i * step] = edgekd_plain_result_scalar((int32_t)kept[i], multiplier, shift, p->zero_point);
        }
    }
}

/* All outputs of one pixel or of PIXELS neighbours. x: the first tap of the first pixel's window in scratch. */
INLINE void three_taps_at(const struct edgekd_depthwise_conv_2d_s8_scalar *p, int32_t pixels, int32_t stride,
                          const int8_t *x, int8_t *y) {
    const int32_t channels = p->window.input_channels;
    const int32_t height = p->window.height;
    const int32_t row_bytes = p->row_width * channels;
    const int8_t *w = p->weights;
    for (int32_t channel = 0; channel < channels; ++channel) {
        uint32_t sums[PIXELS];
        sums[0] = sums[1] = sums[2] = sums[3] = (uint32_t)p->bias[channel];
        const int8_t *row = x + channel;
        for (int32_t i = height; i > 0; --i) {
            add_three_taps(sums, pixels, stride, row, channels, w);
            w += 3;
            row += row_bytes;
        }
        finish(p, channel, pixels, sums, y + channel, channels);
    }
}

INLINE void any_taps_at(const struct edgekd_depthwise_conv_2d_s8_scalar *p, int32_t pixels, const int8_t *x,
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
            finish(p, output, pixels, sums, y + output, outputs);
            ++output;
        }
    }
}

typedef void pixels_function(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *x, int8_t *y);

static void four_at_stride_1(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *x, int8_t *y) {
    three_taps_at(p, PIXELS, 1, x, y);
}

static void four_at_stride_2(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *x, int8_t *y) {
    three_taps_at(p, PIXELS, 2, x, y);
}

static void one_of_three_taps(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *x, int8_t *y) {
    three_taps_at(p, 1, 1, x, y);
}

static void four_of_any_taps(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *x, int8_t *y) {
    any_taps_at(p, PIXELS, x, y);
}

static void one_of_any_taps(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *x, int8_t *y) {
    any_taps_at(p, 1, x, y);
}

static int32_t lesser(int32_t a, int32_t b) {
    return a < b ? a : b;
}

/* The rows of the windows of output row y, with their padding. */
static void copy_rows(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *input, int32_t y, int8_t *to) {
    const struct edgekd_window *const w = &p->window;
    const int32_t channels = w->input_channels;
    const int32_t left = lesser(w->pad_left, p->row_width);
    const int32_t inside = lesser(w->input_width, p->row_width - left);
    const int32_t right = p->row_width - left - inside;
    int32_t row = y * w->stride_y - w->pad_top;
    for (int32_t i = 0; i < w->height; ++i) {
        if (row < 0 || row >= w->input_height) {
            edgekd_fill_scalar(to, p->input_zero_point, p->row_width * channels);
        } else {
            int8_t *const image = to + left * channels;
            edgekd_fill_scalar(to, p->input_zero_point, left * channels);
            edgekd_copy_scalar(image, edgekd_input_row(w, input, row), inside * channels);
            edgekd_fill_scalar(image + inside * channels, p->input_zero_point, right * channels);
        }
        row += w->dilation_y;
        to += p->row_width * channels;
    }
}

void edgekd_depthwise_conv_2d_s8_scalar(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *input,
                                        int8_t *output, void *scratch, int32_t first, int32_t last) {
    const struct edgekd_window *const w = &p->window;
    const int32_t outputs = w->input_channels * p->depth_multiplier;
    const int32_t pixel_step = w->stride_x * w->input_channels;
    const int three_taps = w->width == 3 && w->dilation_x == 1 && w->stride_x <= 2 && p->depth_multiplier == 1;
    pixels_function *const four = !three_taps        ? four_of_any_taps
                                  : w->stride_x == 1 ? four_at_stride_1
                                                     : four_at_stride_2;
    pixels_function *const one = three_taps ? one_of_three_taps : one_of_any_taps;
    for (int32_t y = first; y < last; ++y) {
        int8_t *const row = edgekd_output_row(w, output, y, outputs);
        const int8_t *from = scratch;
        int8_t *to = row;
        copy_rows(p, input, y, scratch);
        int32_t left = w->output_width;
        for (; left >= PIXELS; left -= PIXELS) {
            four(p, from, to);
            from += PIXELS * pixel_step;
            to += PIXELS * outputs;
        }
        for (; left > 0; --left) {
            one(p, from, to);
            from += pixel_step;
            to += outputs;
        }
        edgekd_limit_scalar(row, w->output_width * outputs, p->lowest, p->highest);
    }
}
