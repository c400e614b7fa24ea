/* Weighted sums of packed rows, int8, plain C: eight outputs by two words a turn, in registers.
 *
 *      a tile, the weights of outputs c to c + 7, from c * depth on
 *
 *              w0[0] w1[0] ... w7[0]  w0[1] w1[1] ... w7[1]  ...
 *
 * Behind the last whole tile come one of four outputs, where there are as many, and one of the rest.
 */
#include "packed_sums_riscv.h"

#include <stddef.h>

#include "requantize_scalar.h"

#define INLINE static inline __attribute__((always_inline))

enum { ROWS = EDGEKD_PACKED_ROWS_RISCV, TILE = 8, WORDS = 2 };

/* The inner loop's 23 numbers fit 28 registers only so: 171 instead of 184 instructions for 96 products of a weight and
 * an input. GCC's scheduling before register allocation would load more weights at a time than there are registers. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-schedule-insns", "rename-registers", "ira-algorithm=priority")
#endif

uint32_t *edgekd_pack_riscv(const struct edgekd_packed_sums_riscv *p, uint32_t *to, const int8_t *const x[ROWS],
                            int32_t count) {
    const int8_t *a = x[0];
    const int8_t *b = x[1];
    const int8_t *c = x[2];
    const int8_t *const end = a + count;
    if (p->rows == 3) {
        for (; a != end; to += WORDS) {
            const uint32_t middle = (uint32_t)*b++;
            to[0] = (uint32_t)*a++ + (middle << 21);
            to[1] = (uint32_t)*c++ + (middle << 10);
        }
    } else {
        for (const int8_t *d = x[3]; a != end; to += WORDS) {
            to[0] = (uint32_t)*a++ + ((uint32_t)*b++ << 16);
            to[1] = (uint32_t)*c++ + ((uint32_t)*d++ << 16);
        }
    }
    return to;
}

/* Adds the products of one weight. The empty statement is explained in sums_scalar.c. */
INLINE void add_words(uint32_t sums[WORDS], const uint32_t x[WORDS], int32_t w) {
    sums[0] += x[0] * (uint32_t)w;
    __asm__("" : "+r"(sums[0]));
    sums[1] += x[1] * (uint32_t)w;
    __asm__("" : "+r"(sums[1]));
}

/* Adds the products of one input of each row. outputs: 8, 4 or 1. */
INLINE void add_outputs(uint32_t sums[TILE][WORDS], int32_t outputs, const uint32_t *x, const int8_t *w) {
    const uint32_t words[WORDS] = {x[0], x[1]};
    add_words(sums[0], words, w[0]);
    if (outputs >= 4) {
        add_words(sums[1], words, w[1]);
        add_words(sums[2], words, w[2]);
        add_words(sums[3], words, w[3]);
    }
    if (outputs == 8) {
        add_words(sums[4], words, w[4]);
        add_words(sums[5], words, w[5]);
        add_words(sums[6], words, w[6]);
        add_words(sums[7], words, w[7]);
    }
}

INLINE void store_words(uint32_t *result, const uint32_t sums[WORDS]) {
    result[0] = sums[0];
    result[1] = sums[1];
}

/* result: [output][word], of `count` inputs. w_step: from an input's weights to the next's. */
INLINE void words_of(uint32_t *result, int32_t outputs, const uint32_t *x, const int8_t *w, int32_t w_step,
                     int32_t count) {
    uint32_t sums[TILE][WORDS] = {{0}};
    for (const uint32_t *const end = x + WORDS * (count & -4); x != end; x += WORDS * 4) {
        add_outputs(sums, outputs, x, w);
        add_outputs(sums, outputs, x + WORDS, w + w_step);
        add_outputs(sums, outputs, x + WORDS * 2, w + w_step * 2);
        add_outputs(sums, outputs, x + WORDS * 3, w + w_step * 3);
        w += w_step * 4;
    }
    for (const uint32_t *const end = x + WORDS * (count & 3); x != end; x += WORDS) {
        add_outputs(sums, outputs, x, w);
        w += w_step;
    }
    store_words(result, sums[0]);
    if (outputs >= 4) {
        store_words(result + WORDS, sums[1]);
        store_words(result + WORDS * 2, sums[2]);
        store_words(result + WORDS * 3, sums[3]);
    }
    if (outputs == 8) {
        store_words(result + WORDS * 4, sums[4]);
        store_words(result + WORDS * 5, sums[5]);
        store_words(result + WORDS * 6, sums[6]);
        store_words(result + WORDS * 7, sums[7]);
    }
}

static void words_of_eight(uint32_t *result, const uint32_t *x, const int8_t *w, int32_t count) {
    words_of(result, 8, x, w, 8, count);
}

static void words_of_four(uint32_t *result, const uint32_t *x, const int8_t *w, int32_t count) {
    words_of(result, 4, x, w, 4, count);
}

static void words_of_one(uint32_t *result, const uint32_t *x, const int8_t *w, int32_t w_step, int32_t count) {
    words_of(result, 1, x, w, w_step, count);
}

static void words_of_tile(uint32_t *result, int32_t outputs, const uint32_t *x, const int8_t *w, int32_t count) {
    if (outputs == 8) {
        words_of_eight(result, x, w, count);
    } else if (outputs == 4) {
        words_of_four(result, x, w, count);
    } else {
        for (int32_t i = 0; i < outputs; ++i) {
            words_of_one(result + i * WORDS, x, w + i, outputs, count);
        }
    }
}

/* The lowest `bits` bits as a signed number. */
INLINE uint32_t lowest_bits(uint32_t word, int32_t bits) {
    return (uint32_t)((int32_t)(word << (32 - bits)) >> (32 - bits));
}

/* The sums of each row, from two words of sums: see the header. */
INLINE void unpack(uint32_t sums[ROWS], int32_t rows, const uint32_t words[WORDS]) {
    if (rows == 3) {
        sums[0] = lowest_bits(words[0], 21);
        const uint32_t middle = (words[0] - sums[0]) >> 21;
        const uint32_t rest = words[1] - (middle << 10);
        sums[2] = lowest_bits(rest, 21);
        sums[1] = middle + ((uint32_t)((int32_t)(rest - sums[2]) >> 21) << 11);
    } else {
        sums[0] = lowest_bits(words[0], 16);
        sums[1] = (uint32_t)((int32_t)(words[0] - sums[0]) >> 16);
        sums[2] = lowest_bits(words[1], 16);
        sums[3] = (uint32_t)((int32_t)(words[1] - sums[2]) >> 16);
    }
}

/* total: [output][row], of the segments so far. */
static void add_segment(const struct edgekd_packed_sums_riscv *p, uint32_t (*total)[ROWS], int32_t outputs,
                        const uint32_t *words) {
    for (int32_t i = 0; i < outputs; ++i) {
        uint32_t sums[ROWS] = {0};
        if (p->rows == 3) {
            unpack(sums, 3, words);
        } else {
            unpack(sums, 4, words);
        }
        words += WORDS;
        total[i][0] += sums[0];
        total[i][1] += sums[1];
        total[i][2] += sums[2];
        total[i][3] += sums[3];
    }
}

INLINE void finish(const struct edgekd_packed_sums_riscv *p, int32_t rows, int32_t first, int32_t outputs,
                   const uint32_t *words, const uint32_t (*total)[ROWS], int8_t *const y[ROWS]) {
    const int32_t step = p->per_channel;
    const int32_t odd_zero_point = 2 * p->zero_point + 1;
    const int32_t *const multipliers = p->multiplier;
    const int8_t *const shifts = p->shift;
    const int32_t *const biases = p->bias;
    int8_t *const y0 = y[0];
    int8_t *const y1 = y[1];
    int8_t *const y2 = y[2];
    int8_t *const y3 = y[rows - 1];
    int32_t channel = first * step;
    for (const int32_t last = first + outputs; first < last; ++first) {
        const int32_t multiplier = multipliers[channel];
        const int32_t shift = shifts[channel];
        const uint32_t bias = (uint32_t)biases[first];
        uint32_t sums[ROWS];
        unpack(sums, rows, words);
        sums[0] += bias;
        sums[1] += bias;
        sums[2] += bias;
        if (rows > 3) {
            sums[3] += bias;
        }
        if (total) {
            sums[0] += (*total)[0];
            sums[1] += (*total)[1];
            sums[2] += (*total)[2];
            if (rows > 3) {
                sums[3] += (*total)[3];
            }
            ++total;
        }
        if (shift > 0) {
            const int32_t offset = edgekd_offset_scalar(odd_zero_point, shift);
            y0[first] = (int8_t)edgekd_result_scalar((int32_t)sums[0], multiplier, shift, offset);
            y1[first] = (int8_t)edgekd_result_scalar((int32_t)sums[1], multiplier, shift, offset);
            y2[first] = (int8_t)edgekd_result_scalar((int32_t)sums[2], multiplier, shift, offset);
            if (rows > 3) {
                y3[first] = (int8_t)edgekd_result_scalar((int32_t)sums[3], multiplier, shift, offset);
            }
        } else {
            const uint32_t kept[ROWS] = {sums[0], sums[1], sums[2], rows > 3 ? sums[3] : 0}; /* only these in memory */
            for (int32_t row = 0; row < rows; ++row) {
                y[row][first] = edgekd_plain_result_scalar((int32_t)kept[row], multiplier, shift, odd_zero_point >> 1);
            }
        }
        words += WORDS;
        channel += step;
    }
}

static void finish_three(const struct edgekd_packed_sums_riscv *p, int32_t first, int32_t outputs,
                         const uint32_t *words, const uint32_t (*total)[ROWS], int8_t *const y[ROWS]) {
    finish(p, 3, first, outputs, words, total, y);
}

static void finish_four(const struct edgekd_packed_sums_riscv *p, int32_t first, int32_t outputs, const uint32_t *words,
                        const uint32_t (*total)[ROWS], int8_t *const y[ROWS]) {
    finish(p, 4, first, outputs, words, total, y);
}

/* `outputs` outputs from `first` on, at most a tile, whose weights begin at w. */
static void tile(const struct edgekd_packed_sums_riscv *p, const uint32_t *x, const int8_t *w, int8_t *const y[ROWS],
                 int32_t first, int32_t outputs) {
    uint32_t words[TILE * WORDS];
    uint32_t sums[TILE][ROWS];
    uint32_t(*total)[ROWS] = NULL;
    int32_t left = p->depth;
    for (; left > p->segment; left -= p->segment) {
        if (!total) {
            for (int32_t i = 0; i < outputs; ++i) {
                sums[i][0] = sums[i][1] = sums[i][2] = sums[i][3] = 0;
            }
            total = sums;
        }
        words_of_tile(words, outputs, x, w, p->segment);
        add_segment(p, total, outputs, words);
        x += WORDS * p->segment;
        w += outputs * p->segment;
    }
    words_of_tile(words, outputs, x, w, left);
    if (p->rows == 3) {
        finish_three(p, first, outputs, words, total, y);
    } else {
        finish_four(p, first, outputs, words, total, y);
    }
}

void edgekd_packed_sums_riscv(const struct edgekd_packed_sums_riscv *p, const uint32_t *x, int8_t *const y[ROWS],
                              int32_t first, int32_t last) {
    int32_t output = first;
    while (output < last) {
        const int32_t left = last - output;
        const int32_t outputs = left >= TILE ? TILE : left >= 4 ? 4 : left;
        tile(p, x, p->weights + output * p->depth, y, output, outputs);
        output += outputs;
    }
    for (int32_t row = 0; row < p->rows; ++row) {
        edgekd_limit_scalar(y[row] + first, last - first, p->lowest, p->highest);
    }
}
