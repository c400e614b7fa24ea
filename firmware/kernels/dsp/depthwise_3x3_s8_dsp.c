/* Depthwise convolution, 3x3 taps: four channels of some rows are gathered, then convolved one channel a pass.
 *
 *      scratch   cell 0                          cell 1             a word: channels c to c + 3
 *                line 0  line 1  line 2  ...     line 0  ...
 *
 * Windows slide along the lines, which are rows, or columns where those are longer and the whole image is computed at
 * once. Padding is gathered as the input's zero point. Of a cell's three taps the first two make a pair, which SMLAD
 * multiplies by a pair of weights; the third is added on its own. Each is loaded once for a line of outputs and added
 * to the sums of all windows it is in. The weights, doubled for requantize_dsp.h, stay in five registers:
 *
 *              line 0 1      line 2
 *      cell 0  [a b] = left  g
 *      cell 1  [c d] = middle  h     lower = [g h]
 *      cell 2  [e f] = right  i      corner = [i shift]
 *
 * A result replaces the byte of its window's last cell in the window's first line, which is not needed any more.
 */
#include "depthwise_3x3_s8_dsp.h"

#include "lanes_dsp.h"
#include "requantize_dsp.h"
#include "words_dsp.h"

/* One channel's constants. */
struct channel {
    int32_t left;
    int32_t middle;
    int32_t right;
    int32_t lower;
    int32_t corner;
    int32_t twice_bias;
    int32_t multiplier;
    int32_t offset;
};

struct taps {
    int32_t pair;
    int32_t lower;
};

static inline struct taps load(const int8_t *x) {
    return (struct taps){edgekd_pair_dsp(x[0], x[4]), x[8]};
}

static inline int32_t add_left(const struct channel *k, struct taps x, int32_t sum) {
    return __smlabb(x.lower, k->lower, __smlad(x.pair, k->left, sum));
}

static inline int32_t add_middle(const struct channel *k, struct taps x, int32_t sum) {
    return __smlabt(x.lower, k->lower, __smlad(x.pair, k->middle, sum));
}

static inline int32_t add_right(const struct channel *k, struct taps x, int32_t sum) {
    return __smlabt(x.lower, k->corner, __smlad(x.pair, k->right, sum));
}

static inline int8_t result(const struct channel *k, int32_t sum, int relu) {
    const int32_t away = relu ? 0 : sum >> 31;
    return (int8_t)edgekd_saturate_half_dsp(
        edgekd_asr_dsp(edgekd_smmlar_dsp(sum, k->multiplier, k->offset) + away, k->corner));
}

/* `count` results of a line, from the window at x on. pitch: bytes from cell to cell. */
__attribute__((always_inline)) static inline void stride_1(const struct channel *k, int8_t *x, int32_t pitch,
                                                           int32_t count, int relu) {
    struct taps taps = load(x);
    int32_t sum = add_left(k, taps, k->twice_bias);
    x += pitch;
    taps = load(x);
    sum = add_middle(k, taps, sum);
    int32_t later = add_left(k, taps, k->twice_bias);
    const int8_t *end = x + count * pitch;
    do {
        x += pitch;
        taps = load(x);
        *x = result(k, add_right(k, taps, sum), relu);
        sum = add_middle(k, taps, later);
        later = add_left(k, taps, k->twice_bias);
    } while (x < end);
}

__attribute__((always_inline)) static inline void stride_2(const struct channel *k, int8_t *x, int32_t pitch,
                                                           int32_t count, int relu) {
    int32_t sum = add_left(k, load(x), k->twice_bias);
    const int8_t *end = x + 2 * count * pitch;
    do {
        x += pitch;
        sum = add_middle(k, load(x), sum);
        x += pitch;
        const struct taps taps = load(x);
        *x = result(k, add_right(k, taps, sum), relu);
        sum = add_left(k, taps, k->twice_bias);
    } while (x < end);
}

static inline int32_t doubled(int32_t pair) {
    return __sadd16(pair, pair);
}

static inline struct channel channel(const struct edgekd_depthwise_3x3_s8_dsp *p, int32_t c, int down) {
    const int8_t *w = p->weights + 9 * c;
    const int32_t first = edgekd_load_4_dsp(w);
    const int32_t second = edgekd_load_4_dsp(w + 4);
    const int32_t shift = p->shift[c];
    const int32_t rows01_column0 = doubled(edgekd_even_dsp(first));
    const int32_t rows01_column1 = doubled(edgekd_odd_dsp(first));
    const int32_t rows01_column2 = doubled(edgekd_even_dsp(second));
    const int32_t row2_columns01 = doubled(edgekd_odd_dsp(second));
    return (struct channel){
        .left = down ? edgekd_pair_dsp(rows01_column0, rows01_column1) : rows01_column0,
        .middle = down ? edgekd_pair_dsp(rows01_column0 >> 16, rows01_column1 >> 16) : rows01_column1,
        .right = down ? row2_columns01 : rows01_column2,
        .lower = down ? rows01_column2 : row2_columns01,
        .corner = (int32_t)((uint32_t)w[8] << 17 | (uint32_t)shift),
        .twice_bias = p->twice_bias[c],
        .multiplier = p->multiplier[c],
        .offset = edgekd_offset_dsp(p->odd_zero_point, shift),
    };
}

/* Some lines of outputs and the lines they read. Of those, `top` to `bottom` - 1 are in the image; cells are `before`
 * ones of padding, `inside` ones of the image, `after` ones of padding.
 */
struct strip {
    int down;
    int32_t first; /* of the lines, in the image */
    int32_t outputs;
    int32_t lines;
    int32_t top;
    int32_t bottom;
    int32_t length; /* of a line, in outputs */
    int32_t before;
    int32_t inside;
    int32_t after;
};

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

/* The rows of outputs from y on that there is room for, or all columns. */
static struct strip strip_at(const struct edgekd_depthwise_3x3_s8_dsp *p, int32_t y, int32_t last, int32_t stride,
                             int down) {
    const struct edgekd_window *w = &p->window;
    const int32_t outputs = down ? w->output_width : smaller(last - y, p->rows);
    const int32_t first = down ? -w->pad_left : y * stride - w->pad_top;
    const int32_t lines = (outputs - 1) * stride + 3;
    const int32_t length = down ? w->output_height : w->output_width;
    const int32_t cells = (length - 1) * stride + 3;
    const int32_t before = down ? w->pad_top : w->pad_left;
    const int32_t inside = smaller(cells - before, down ? w->input_height : w->input_width);
    return (struct strip){
        .down = down,
        .first = first,
        .outputs = outputs,
        .lines = lines,
        .top = first < 0 ? -first : 0,
        .bottom = smaller(lines, (down ? w->input_width : w->input_height) - first),
        .length = length,
        .before = before,
        .inside = inside,
        .after = cells - before - inside,
    };
}

/* Where a line begins; of one in the padding, where any does. */
static const int8_t *line(const struct strip *s, const struct edgekd_window *w, const int8_t *image, int32_t i) {
    const int32_t at = s->first + (i < s->top ? s->top : smaller(i, s->bottom - 1));
    return s->down ? image + at * w->input_channels : edgekd_input_row(w, image, at);
}

static void fill(int32_t *x, const int32_t *end, int32_t step, int32_t word) {
    for (; x < end; x += step) {
        *x = word;
    }
}

/* Channels c to c + 3 of what the windows read. */
static void gather(const struct strip *s, const struct edgekd_depthwise_3x3_s8_dsp *p, const int8_t *image, int32_t c,
                   int32_t *x) {
    const struct edgekd_window *w = &p->window;
    const int32_t step = s->down ? w->input_width * w->input_channels : w->input_channels;
    const int32_t zero = edgekd_splat_dsp(p->input_zero_point);
    const int32_t lines = s->lines;
    int32_t *cells = x + s->before * lines;
    int32_t *end = cells + s->inside * lines;
    for (int32_t i = 0; i < lines; i += 3) {
        const int32_t at = smaller(i, lines - 3);
        const int8_t *from0 = line(s, w, image, at);
        const int8_t *from1 = line(s, w, image, at + 1);
        const int8_t *from2 = line(s, w, image, at + 2);
        int32_t from = c;
        for (int32_t *cell = cells + at; cell < end; cell += lines) {
            const int32_t word0 = edgekd_load_4_dsp(from0 + from);
            const int32_t word1 = edgekd_load_4_dsp(from1 + from);
            const int32_t word2 = edgekd_load_4_dsp(from2 + from);
            cell[0] = word0;
            cell[1] = word1;
            cell[2] = word2;
            from += step;
        }
    }
    fill(x, cells, 1, zero);
    fill(end, end + s->after * lines, 1, zero);
    for (int32_t i = 0; i < s->top; ++i) {
        fill(cells + i, end, lines, zero);
    }
    for (int32_t i = s->bottom; i < lines; ++i) {
        fill(cells + i, end, lines, zero);
    }
}

/* A line of results, `from_step` words apart, `to_step` bytes apart in the image. */
static void scatter(const int32_t *from, int32_t from_step, int8_t *to, int32_t to_step, int32_t count) {
    for (; count > 0; --count) {
        edgekd_store_4_dsp(to, *from);
        from += from_step;
        to += to_step;
    }
}

static void clamp(int32_t *x, int32_t step, int32_t count, int32_t lowest, int32_t highest) {
    for (; count > 0; --count) {
        *x = edgekd_min_dsp(edgekd_max_dsp(*x, edgekd_splat_dsp(lowest)), edgekd_splat_dsp(highest));
        x += step;
    }
}

/* Inlined where stride and relu are known. The last four channels may be some of those before them again. */
__attribute__((always_inline)) static inline void depthwise(const struct edgekd_depthwise_3x3_s8_dsp *p,
                                                            const int8_t *input, int8_t *output, int32_t *x,
                                                            int32_t first, int32_t last, int stride, int relu) {
    const struct edgekd_window *w = &p->window;
    const int32_t channels = w->input_channels;
    const int whole = first == 0 && last == w->output_height && last <= p->rows && w->input_rows == w->input_height &&
                      w->output_rows == last;
    const int down = whole && w->output_height > w->output_width;
    struct strip s;
    for (int32_t y = first; y < last; y += down ? last : s.outputs) {
        s = strip_at(p, y, last, stride, down);
        for (int32_t group = 0; group < channels; group += 4) {
            const int32_t c = smaller(group, channels - 4);
            gather(&s, p, input, c, x);
            for (int32_t i = 0; i < 4; ++i) {
                const struct channel k = channel(p, c + i, down);
                int8_t *from = (int8_t *)x + i;
                for (const int8_t *end = from + 4 * stride * s.outputs; from < end; from += 4 * stride) {
                    if (stride == 1) {
                        stride_1(&k, from, 4 * s.lines, s.length, relu);
                    } else {
                        stride_2(&k, from, 4 * s.lines, s.length, relu);
                    }
                }
            }
            for (int32_t n = 0; n < s.outputs; ++n) {
                int32_t *results = x + 2 * s.lines + n * stride;
                if (p->lowest > INT8_MIN || p->highest < INT8_MAX) {
                    clamp(results, stride * s.lines, s.length, p->lowest, p->highest);
                }
                int8_t *to = down ? output + n * channels : edgekd_output_row(w, output, y + n, channels);
                scatter(results, stride * s.lines, to + c, down ? w->output_width * channels : channels, s.length);
            }
        }
    }
}

void edgekd_depthwise_3x3_stride_1_s8_dsp(const struct edgekd_depthwise_3x3_s8_dsp *p, const int8_t *input,
                                          int8_t *output, void *scratch, int32_t first, int32_t last) {
    depthwise(p, input, output, scratch, first, last, 1, 0);
}

void edgekd_depthwise_3x3_stride_2_s8_dsp(const struct edgekd_depthwise_3x3_s8_dsp *p, const int8_t *input,
                                          int8_t *output, void *scratch, int32_t first, int32_t last) {
    depthwise(p, input, output, scratch, first, last, 2, 0);
}

void edgekd_depthwise_3x3_stride_1_relu_s8_dsp(const struct edgekd_depthwise_3x3_s8_dsp *p, const int8_t *input,
                                               int8_t *output, void *scratch, int32_t first, int32_t last) {
    depthwise(p, input, output, scratch, first, last, 1, 1);
}

void edgekd_depthwise_3x3_stride_2_relu_s8_dsp(const struct edgekd_depthwise_3x3_s8_dsp *p, const int8_t *input,
                                               int8_t *output, void *scratch, int32_t first, int32_t last) {
    depthwise(p, input, output, scratch, first, last, 2, 1);
}
