/* Depthwise convolution, 3x3 taps: one channel a pass, four channels and a few rows gathered before.
 *
 *      scratch   column 0                        column 1
 *                row 0  row 1  row 2 ... row 5   row 0 ...        a row is a word: channels c to c + 3
 *                c0..c3 c0..c3 c0..c3    c0..c3
 *
 * Padding is gathered as the input's zero point. Of each column of a window the taps in rows 0 and 1 make a pair, which
 * SMLAD multiplies by a pair of weights; the tap in row 2 is added on its own. A column is loaded once and added to the
 * sums of all outputs that read it. The nine weights, doubled for requantize_dsp.h, stay in five registers:
 *
 *      left   [2 w10  2 w00]     middle [2 w11  2 w01]     right [2 w12  2 w02]     lower [2 w21  2 w20]     corner 2
 * w22
 *
 * A result replaces the column's byte that is not needed any more: that of its channel, in the window's first row.
 */
#include "depthwise_3x3_s8_dsp.h"

#include "lanes_dsp.h"
#include "requantize_dsp.h"
#include "words_dsp.h"

enum { COLUMN = EDGEKD_DEPTHWISE_3X3_COLUMN_BYTES, ROWS = COLUMN / 4 };

struct channel {
    int32_t left;
    int32_t middle;
    int32_t right;
    int32_t lower;
    int32_t corner;
    int32_t bias;
    int32_t multiplier;
    int32_t offset;
    int32_t shift;
};

/* Rows 0 and 1, row 2. */
struct column {
    int32_t pair;
    int32_t lower;
};

static inline struct column load(const int8_t *x) {
    return (struct column){edgekd_pair_dsp(x[0], x[4]), x[8]};
}

static inline int32_t add_left(const struct channel *k, struct column x, int32_t sum) {
    return __smlabb(x.lower, k->lower, __smlad(x.pair, k->left, sum));
}

static inline int32_t add_middle(const struct channel *k, struct column x, int32_t sum) {
    return __smlabt(x.lower, k->lower, __smlad(x.pair, k->middle, sum));
}

static inline int32_t add_right(const struct channel *k, struct column x, int32_t sum) {
    return __smlabb(x.lower, k->corner, __smlad(x.pair, k->right, sum));
}

static inline int8_t result(const struct channel *k, int32_t sum, int relu) {
    if (relu) {
        return (int8_t)edgekd_saturate_half_dsp(edgekd_smmlar_dsp(sum, k->multiplier, k->offset) >> k->shift);
    }
    return edgekd_requantize_dsp(sum, k->multiplier, k->offset, k->shift);
}

/* One row of outputs, three a pass: their sums take turns in three registers. */
__attribute__((always_inline)) static inline void stride_1(const struct channel *k, int8_t *x, const int8_t *end,
                                                           int relu) {
    struct column next = load(x);
    int32_t sum0 = add_left(k, next, k->bias);
    next = load(x + COLUMN);
    sum0 = add_middle(k, next, sum0);
    int32_t sum1 = add_left(k, next, k->bias);
    do {
        next = load(x + 2 * COLUMN);
        sum0 = add_right(k, next, sum0);
        sum1 = add_middle(k, next, sum1);
        int32_t sum2 = add_left(k, next, k->bias);
        x[0] = result(k, sum0, relu);
        next = load(x + 3 * COLUMN);
        sum1 = add_right(k, next, sum1);
        sum2 = add_middle(k, next, sum2);
        sum0 = add_left(k, next, k->bias);
        x[COLUMN] = result(k, sum1, relu);
        next = load(x + 4 * COLUMN);
        sum2 = add_right(k, next, sum2);
        sum0 = add_middle(k, next, sum0);
        sum1 = add_left(k, next, k->bias);
        x[2 * COLUMN] = result(k, sum2, relu);
        x += 3 * COLUMN;
    } while (x < end);
}

__attribute__((always_inline)) static inline void stride_2(const struct channel *k, int8_t *x, const int8_t *end,
                                                           int relu) {
    int8_t *y = x;
    int32_t sum = add_left(k, load(x), k->bias);
    do {
        sum = add_middle(k, load(x + COLUMN), sum);
        x += 2 * COLUMN;
        const struct column next = load(x);
        *y = result(k, add_right(k, next, sum), relu);
        sum = add_left(k, next, k->bias);
        y += COLUMN;
    } while (y < end);
}

static inline int32_t doubled(int32_t pair) {
    return __sadd16(pair, pair);
}

static inline struct channel channel(const struct edgekd_depthwise_3x3_s8_dsp *p, int32_t c) {
    const int8_t *w = p->weights + 9 * c;
    const int32_t left_middle = edgekd_load_4_dsp(w);
    const int32_t right_lower = edgekd_load_4_dsp(w + 4);
    const int32_t at = c * p->per_channel;
    const int32_t shift = p->shift[at];
    return (struct channel){
        doubled(edgekd_even_dsp(left_middle)),
        doubled(edgekd_odd_dsp(left_middle)),
        doubled(edgekd_even_dsp(right_lower)),
        doubled(edgekd_odd_dsp(right_lower)),
        2 * w[8],
        2 * p->bias[c],
        p->multiplier[at],
        edgekd_offset_dsp(2 * p->zero_point + 1, shift),
        shift,
    };
}

/* Some rows of outputs and what they read: `inputs` rows, those from `top` to `bottom` - 1 in the image, of the others
 * `row` is any; `left` columns of padding, `columns` of the image, `right` of padding.
 */
struct strip {
    int32_t y;
    int32_t outputs;
    int32_t inputs;
    int32_t top;
    int32_t bottom;
    int32_t left;
    int32_t columns;
    int32_t right;
    const int8_t *row[ROWS];
};

static void find(struct strip *s, const struct edgekd_window *w, const int8_t *image, int32_t y, int32_t last) {
    const int32_t most = (ROWS - 3) / w->stride_y + 1;
    const int32_t first_row = y * w->stride_y - w->pad_top;
    const int32_t behind = (w->output_width - 1) * w->stride_x + 3 - w->pad_left;
    s->y = y;
    s->outputs = last - y < most ? last - y : most;
    s->inputs = (s->outputs - 1) * w->stride_y + 3;
    s->top = first_row < 0 ? -first_row : 0;
    s->bottom = w->input_height - first_row < s->inputs ? w->input_height - first_row : s->inputs;
    s->left = w->pad_left;
    s->columns = behind < w->input_width ? behind : w->input_width;
    s->right = behind - s->columns;
    for (int32_t i = 0; i < ROWS; ++i) {
        const int32_t inside = i < s->top ? s->top : s->bottom - 1;
        s->row[i] = edgekd_input_row(w, image, first_row + (i < s->top || i >= s->bottom ? inside : i));
    }
}

static int32_t *fill(int32_t *x, int32_t columns, int32_t rows, int32_t word) {
    for (; columns > 0; --columns) {
        for (int32_t i = 0; i < rows; ++i) {
            x[i] = word;
        }
        x += ROWS;
    }
    return x;
}

/* Three rows of an image whose columns are `step` bytes apart. */
static int32_t *copy(int32_t *x, int32_t columns, const int8_t *const *row, int32_t at, int32_t step) {
    const int8_t *row0 = row[0];
    const int8_t *row1 = row[1];
    const int8_t *row2 = row[2];
    for (; columns > 0; --columns) {
        const int32_t word0 = edgekd_load_4_dsp(row0 + at);
        const int32_t word1 = edgekd_load_4_dsp(row1 + at);
        x[2] = edgekd_load_4_dsp(row2 + at);
        x[0] = word0;
        x[1] = word1;
        x += ROWS;
        at += step;
    }
    return x;
}

/* Channels c to c + 3. */
static void gather(const struct strip *s, int32_t c, int32_t channels, int32_t zero, int32_t *x) {
    for (int32_t i = 0; i < s->inputs; i += 3) {
        int32_t *to = fill(x + i, s->left, 3, zero);
        to = copy(to, s->columns, s->row + i, c, channels);
        fill(to, s->right, 3, zero);
    }
    if (s->top > 0) {
        fill(x, s->left + s->columns, s->top, zero);
    }
    if (s->bottom < s->inputs) {
        fill(x + s->bottom, s->left + s->columns, s->inputs - s->bottom, zero);
    }
}

/* One row of results to channels c to c + 3. */
static void scatter(const int32_t *x, int8_t *to, int32_t columns, int32_t channels) {
    for (; columns > 0; --columns) {
        edgekd_store_4_dsp(to, *x);
        x += ROWS;
        to += channels;
    }
}

static void clamp(int32_t *x, int32_t columns, int32_t lowest, int32_t highest) {
    for (; columns > 0; --columns) {
        *x = edgekd_min_dsp(edgekd_max_dsp(*x, lowest), highest);
        x += ROWS;
    }
}

/* Inlined where stride_x and relu are known. The last four channels may be some of those before them again. */
__attribute__((always_inline)) static inline void depthwise(const struct edgekd_depthwise_3x3_s8_dsp *p,
                                                            const int8_t *input, int8_t *output, int32_t *x,
                                                            int32_t first, int32_t last, int stride, int relu) {
    const struct edgekd_window *w = &p->window;
    const int32_t channels = w->input_channels;
    const int32_t columns = w->output_width;
    const int32_t zero = edgekd_splat_dsp(p->input_zero_point);
    struct strip s;
    for (int32_t y = first; y < last; y += s.outputs) {
        find(&s, w, input, y, last);
        for (int32_t group = 0; group < channels; group += 4) {
            const int32_t c = group + 4 <= channels ? group : channels - 4;
            gather(&s, c, channels, zero, x);
            for (int32_t i = 0; i < 4; ++i) {
                const struct channel k = channel(p, c + i);
                int8_t *row = (int8_t *)x + i;
                for (int32_t n = 0; n < s.outputs; ++n) {
                    if (stride == 1) {
                        stride_1(&k, row, row + columns * COLUMN, relu);
                    } else {
                        stride_2(&k, row, row + columns * COLUMN, relu);
                    }
                    row += 4 * w->stride_y;
                }
            }
            for (int32_t n = 0; n < s.outputs; ++n) {
                int32_t *row = x + n * w->stride_y;
                if (p->lowest > INT8_MIN || p->highest < INT8_MAX) {
                    clamp(row, columns, edgekd_splat_dsp(p->lowest), edgekd_splat_dsp(p->highest));
                }
                scatter(row, edgekd_output_row(w, output, y + n, channels) + c, columns, channels);
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
