/* Depthwise convolution, any window: one channel of some rows is widened to a plane of int16, over which the windows of
 * all its outputs slide, four neighbours a pass.
 *
 *      scratch   weights: [window height][pairs]            plane: [rows][row_pixels]
 *
 *      a row of five taps       (w0 w1) (w2 w3) (w4 0)
 *      of windows 0 to 3        (x0 x1) (x2 x3) (x4 x5)
 *                               (x1 x2) (x3 x4) (x5 x6)
 *                               (x2 x3) (x4 x5) (x6 x7)        a pair is loaded once for all windows it is in
 *                               (x3 x4) (x5 x6) (x7 x8)
 *
 * A window of every d-th pixel, with outputs d apart, is one of neighbours: dilated layers take d planes in turn, of
 * pixels and outputs 0, d, 2 d ..., of 1, d + 1 ... and so on.
 */
#include "depthwise_conv_2d_s8_dsp.h"

#include "clamp_dsp.h"
#include "requantize_dsp.h"
#include "words_dsp.h"

#define INLINE static inline __attribute__((always_inline))

enum { WINDOWS = 4, ANY = 0 };

/* Of one output channel. */
struct channel {
    const int32_t *weights; /* [height][pairs] */
    int32_t height;
    int32_t pairs;
    int32_t row_pixels;
    int32_t bias;
    int32_t multiplier;
    int32_t offset;
    int32_t shift;
};

/* Outputs of one plane: `width` a row, and bytes from one to the next in a row and in a column. */
struct outputs {
    int8_t *first;
    int32_t width;
    int32_t step;
    int32_t row_step;
};

static inline int32_t pair_at(const int16_t *x) {
    return edgekd_load_4_dsp((const int8_t *)x);
}

INLINE void add_pair(int32_t sums[WINDOWS], int32_t windows, const int16_t *x, int32_t stride, int32_t w) {
    sums[0] = (int32_t)__smlad(pair_at(x), w, sums[0]);
    if (windows == WINDOWS) {
        sums[1] = (int32_t)__smlad(pair_at(x + stride), w, sums[1]);
        sums[2] = (int32_t)__smlad(pair_at(x + 2 * stride), w, sums[2]);
        sums[3] = (int32_t)__smlad(pair_at(x + 3 * stride), w, sums[3]);
    }
}

/* A row of taps. pairs: how many it has, 2, 3 or ANY, which is `any_pairs`. */
INLINE void add_taps(int32_t sums[WINDOWS], int32_t windows, const int16_t *x, int32_t stride, const int32_t *w,
                     int32_t pairs, int32_t any_pairs) {
    if (pairs == ANY) {
        for (int32_t i = 0; i < any_pairs; ++i) {
            add_pair(sums, windows, x + 2 * i, stride, w[i]);
        }
        return;
    }
    add_pair(sums, windows, x, stride, w[0]);
    add_pair(sums, windows, x + 2, stride, w[1]);
    if (pairs == 3) {
        add_pair(sums, windows, x + 4, stride, w[2]);
    }
}

static inline int8_t result(const struct channel *k, int32_t sum) {
    return edgekd_requantize_dsp((int32_t)((uint32_t)sum << 1), k->multiplier, k->offset, k->shift);
}

/* Results of one or WINDOWS windows, the first at x. */
INLINE void windows_at(const struct channel *k, const int16_t *x, int32_t windows, int32_t pairs, int32_t stride,
                       int8_t *y, int32_t step) {
    const int32_t taken = pairs == ANY ? k->pairs : pairs;
    const int32_t *w = k->weights;
    const int32_t *const end = w + k->height * taken;
    int32_t sums[WINDOWS] = {k->bias, k->bias, k->bias, k->bias};
    do {
        add_taps(sums, windows, x, stride, w, pairs, taken);
        x += k->row_pixels;
        w += taken;
    } while (w != end);
    y[0] = result(k, sums[0]);
    if (windows == WINDOWS) {
        y[step] = result(k, sums[1]);
        y[2 * step] = result(k, sums[2]);
        y[3 * step] = result(k, sums[3]);
    }
}

/* A row of fewer than WINDOWS outputs. */
static void few_windows(const struct channel *k, const int16_t *x, int32_t stride, const struct outputs *to) {
    for (int32_t i = 0; i < to->width; ++i) {
        windows_at(k, x + i * stride, 1, ANY, stride, to->first + i * to->step, 0);
    }
}

/* A row of outputs of one channel. x: where its first window begins. The last windows may be some of those before them
 * again.
 */
INLINE void convolve_row(const struct channel *k, const int16_t *x, const struct outputs *to, int32_t pairs,
                         int32_t stride) {
    if (to->width < WINDOWS) {
        few_windows(k, x, stride, to);
        return;
    }
    for (int32_t i = 0; i < to->width; i += WINDOWS) {
        const int32_t at = i < to->width - WINDOWS ? i : to->width - WINDOWS;
        windows_at(k, x + at * stride, WINDOWS, pairs, stride, to->first + at * to->step, to->step);
    }
}

typedef void row_function(const struct channel *k, const int16_t *x, int32_t stride, const struct outputs *to);

static void any_row(const struct channel *k, const int16_t *x, int32_t stride, const struct outputs *to) {
    convolve_row(k, x, to, ANY, stride);
}

static void row_3_wide(const struct channel *k, const int16_t *x, int32_t stride, const struct outputs *to) {
    (void)stride;
    convolve_row(k, x, to, 2, 1);
}

static void row_3_wide_stride_2(const struct channel *k, const int16_t *x, int32_t stride, const struct outputs *to) {
    (void)stride;
    convolve_row(k, x, to, 2, 2);
}

static void row_5_wide(const struct channel *k, const int16_t *x, int32_t stride, const struct outputs *to) {
    (void)stride;
    convolve_row(k, x, to, 3, 1);
}

static void row_5_wide_stride_2(const struct channel *k, const int16_t *x, int32_t stride, const struct outputs *to) {
    (void)stride;
    convolve_row(k, x, to, 3, 2);
}

/* Two pairs from each word, as words_dsp.h has them. Returns the next output's weights. */
static const int32_t *widen_weights(const int32_t *weights, int32_t words, int32_t *pairs) {
    for (; words > 0; --words) {
        const int32_t word = *weights++;
        edgekd_store_dsp(&pairs, edgekd_even_dsp(word), edgekd_odd_dsp(word));
    }
    return weights;
}

/* `count` pixels, `step` apart. */
static void widen(int16_t *to, const int8_t *from, int32_t step, int32_t count) {
    for (; count >= 4; count -= 4) {
        to[0] = from[0];
        to[1] = from[step];
        to[2] = from[2 * step];
        to[3] = from[3 * step];
        to += 4;
        from += 4 * step;
    }
    for (; count > 0; --count) {
        *to++ = *from;
        from += step;
    }
}

static int32_t lesser(int32_t a, int32_t b) {
    return a < b ? a : b;
}

/* What a plane holds: the same of every channel. */
struct frame {
    int32_t row; /* of the image, of the first one of the plane; the others are dilation_y apart */
    int32_t rows;
    int32_t left;   /* pixels of padding in front of those of the image, */
    int32_t inside; /* which are so many, */
    int32_t first;  /* and begin so many bytes behind the start of a row */
    int32_t step;   /* bytes from one to the next */
};

/* Of `rows` rows of outputs from row y on. x: of the first pixel, below 0 in the padding. */
static struct frame frame_of(const struct edgekd_depthwise_conv_2d_s8_dsp *p, int32_t y, int32_t x, int32_t rows) {
    const struct edgekd_window *const w = &p->window;
    const int32_t dilation = w->dilation_x;
    const int32_t left = x < 0 ? lesser((dilation - 1 - x) / dilation, p->row_pixels) : 0;
    const int32_t first = x + left * dilation;
    const int32_t in_image = first < w->input_width ? (w->input_width - first + dilation - 1) / dilation : 0;
    const struct frame frame = {
        .row = y * w->stride_y - w->pad_top,
        .rows = (rows - 1) * w->stride_y + w->height,
        .left = left,
        .inside = lesser(in_image, p->row_pixels - left),
        .first = first * w->input_channels,
        .step = dilation * w->input_channels,
    };
    return frame;
}

static void fill(int16_t *to, int32_t value, int32_t count) {
    for (int16_t *const end = to + count; to != end; ++to) {
        *to = (int16_t)value;
    }
}

/* One channel of the image to the plane, whose padding is there. input: this channel of the first pixel. */
static void widen_plane(const struct edgekd_depthwise_conv_2d_s8_dsp *p, const struct frame *f, const int8_t *input,
                        int16_t *plane) {
    const struct edgekd_window *const w = &p->window;
    int32_t row = f->row;
    plane += f->left;
    for (int32_t i = f->rows; i > 0; --i) {
        if (row >= 0 && row < w->input_height) {
            widen(plane, edgekd_input_row(w, input, row) + f->first, f->step, f->inside);
        }
        row += w->dilation_y;
        plane += p->row_pixels;
    }
}

/* `rows` rows of outputs from row y on, of every dilation_x-th pixel from pixel `phase` on. `to`: of the first row. */
static void some_rows(const struct edgekd_depthwise_conv_2d_s8_dsp *p, const int8_t *input, struct outputs to,
                      int32_t *scratch, int32_t y, int32_t phase, int32_t rows, row_function *convolve) {
    const struct edgekd_window *const w = &p->window;
    const int32_t pairs = (w->width + 1) / 2;
    const int32_t words = (w->height * pairs + 1) / 2; /* of weights */
    const struct frame frame = frame_of(p, y, phase - w->pad_left, rows);
    struct channel k = {.weights = scratch, .height = w->height, .pairs = pairs, .row_pixels = p->row_pixels};
    int16_t *const plane = (int16_t *)(scratch + 2 * words);
    const int32_t *weights = p->weights;
    int32_t output = 0;
    fill(plane, p->input_zero_point, frame.rows * p->row_pixels);
    for (int32_t channel = 0; channel < w->input_channels; ++channel) {
        widen_plane(p, &frame, input + channel, plane);
        for (int32_t i = p->depth_multiplier; i > 0; --i) {
            weights = widen_weights(weights, words, scratch);
            k.bias = p->bias[output];
            k.multiplier = p->multiplier[output];
            k.shift = p->shift[output];
            k.offset = edgekd_offset_dsp(p->odd_zero_point, k.shift);
            struct outputs row = to;
            for (int32_t j = 0; j < rows; ++j) {
                convolve(&k, plane + j * w->stride_y * p->row_pixels, w->stride_x, &row);
                row.first += to.row_step;
            }
            ++to.first;
            ++output;
        }
    }
}

static void all_rows(const struct edgekd_depthwise_conv_2d_s8_dsp *p, const int8_t *input, int8_t *output,
                     void *scratch, int32_t y, int32_t last, row_function *convolve) {
    const struct edgekd_window *const w = &p->window;
    const int32_t channels = w->input_channels * p->depth_multiplier;
    const int32_t row_bytes = w->output_width * channels;
    while (y < last) {
        const int32_t rows = lesser(lesser(last - y, p->rows), w->output_rows - y % w->output_rows);
        int8_t *const first = edgekd_output_row(w, output, y, channels);
        for (int32_t phase = 0; phase < lesser(w->dilation_x, w->output_width); ++phase) {
            const struct outputs to = {
                .first = first + phase * channels,
                .width = (w->output_width - phase + w->dilation_x - 1) / w->dilation_x,
                .step = w->dilation_x * channels,
                .row_step = row_bytes,
            };
            some_rows(p, input, to, scratch, y, phase, rows, convolve);
        }
        edgekd_clamp_dsp(first, rows * row_bytes, p->lowest, p->highest);
        y += rows;
    }
}

void edgekd_depthwise_conv_2d_s8_dsp(const struct edgekd_depthwise_conv_2d_s8_dsp *p, const int8_t *input,
                                     int8_t *output, void *scratch, int32_t first, int32_t last) {
    all_rows(p, input, output, scratch, first, last, any_row);
}

void edgekd_depthwise_3_wide_s8_dsp(const struct edgekd_depthwise_conv_2d_s8_dsp *p, const int8_t *input,
                                    int8_t *output, void *scratch, int32_t first, int32_t last) {
    all_rows(p, input, output, scratch, first, last, row_3_wide);
}

void edgekd_depthwise_3_wide_stride_2_s8_dsp(const struct edgekd_depthwise_conv_2d_s8_dsp *p, const int8_t *input,
                                             int8_t *output, void *scratch, int32_t first, int32_t last) {
    all_rows(p, input, output, scratch, first, last, row_3_wide_stride_2);
}

void edgekd_depthwise_5_wide_s8_dsp(const struct edgekd_depthwise_conv_2d_s8_dsp *p, const int8_t *input,
                                    int8_t *output, void *scratch, int32_t first, int32_t last) {
    all_rows(p, input, output, scratch, first, last, row_5_wide);
}

void edgekd_depthwise_5_wide_stride_2_s8_dsp(const struct edgekd_depthwise_conv_2d_s8_dsp *p, const int8_t *input,
                                             int8_t *output, void *scratch, int32_t first, int32_t last) {
    all_rows(p, input, output, scratch, first, last, row_5_wide_stride_2);
}
