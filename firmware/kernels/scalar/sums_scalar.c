/* Weighted sums, int8, plain C: four outputs of some rows, or some times four outputs of one row, in registers.
 *
 *      a tile, the weights of outputs c to c + 3, from c * depth on: input by input, so that one pointer walks them
 *
 *              w0[0] w1[0] w2[0] w3[0]  w0[1] w1[1] w2[1] w3[1]  ...
 *
 *      rows x, y and one tile                      one row and two tiles
 *
 *              sums[0] += x[k] * w0[k], y[k] * w0[k]       sums[0] += x[k] * w0[k], x[k] * w1[k], ...
 *              sums[1] += x[k] * w1[k], y[k] * w1[k]       sums[1] += x[k] * w4[k], x[k] * w5[k], ...
 *
 * The one to three outputs behind the last tile are interleaved likewise and made one by one.
 */
#include "sums_scalar.h"

#include <string.h>

#include "requantize_scalar.h"

#define INLINE static inline __attribute__((always_inline))

enum { ROWS = EDGEKD_ROWS_SCALAR, TILES = EDGEKD_TILES_SCALAR, TILE = 4 };
enum { TURN = ROWS > 1 ? 8 : 4 }; /* inputs a turn of the inner loops */

/* GCC's scheduling before register allocation would load more weights at a time than there are registers. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-schedule-insns")
#endif

/* sum + x * w. The empty statement makes the compiler add product by product (MLA) where it would rather add up some
 * products first, with more numbers alive than there are registers. */
INLINE void add_product(uint32_t *sum, int32_t x, int32_t w) {
    *sum += (uint32_t)(x * w);
    __asm__("" : "+r"(*sum));
}

INLINE void set_rows(uint32_t sums[2], int32_t bias) {
    sums[0] = (uint32_t)bias;
    sums[1] = (uint32_t)bias;
}

INLINE void store_rows(uint32_t *result, const uint32_t sums[2]) {
    result[0] = sums[0];
    if (ROWS > 1) {
        result[1] = sums[1];
    }
}

INLINE void copy_tile(uint32_t *to, const uint32_t *from) {
    to[0] = from[0];
    to[1] = from[1];
    to[2] = from[2];
    to[3] = from[3];
}

/* One weight times an input of each of ROWS rows. */
INLINE void add_rows(uint32_t sums[2], const int32_t x[2], int32_t w) {
    add_product(&sums[0], x[0], w);
    if (ROWS > 1) {
        add_product(&sums[1], x[1], w);
    }
}

INLINE void rows_at(uint32_t sums[TILE][2], const int8_t *row, int32_t step, const int8_t *w) {
    int32_t x[2];
    x[0] = row[0];
    if (ROWS > 1) {
        x[1] = row[step];
    }
    add_rows(sums[0], x, w[0]);
    add_rows(sums[1], x, w[1]);
    add_rows(sums[2], x, w[2]);
    add_rows(sums[3], x, w[3]);
}

/* One input times a weight of each of a tile's outputs. */
INLINE void add_tile(uint32_t sums[TILE], int32_t x, const int8_t *w) {
    add_product(&sums[0], x, w[0]);
    add_product(&sums[1], x, w[1]);
    add_product(&sums[2], x, w[2]);
    add_product(&sums[3], x, w[3]);
}

INLINE void tiles_at(uint32_t sums[2][TILE], int32_t x, const int8_t *w, int32_t step) {
    add_tile(sums[0], x, w);
    if (TILES > 1) {
        add_tile(sums[1], x, w + step);
    }
}

/* result: [output][row] of ROWS rows, depth apart, and one tile. */
static void sums_of_rows(uint32_t *result, const int8_t *x, const int8_t *w, int32_t depth, const int32_t *bias) {
    uint32_t sums[TILE][2];
    set_rows(sums[0], bias[0]);
    set_rows(sums[1], bias[1]);
    set_rows(sums[2], bias[2]);
    set_rows(sums[3], bias[3]);
    for (const int8_t *const end = x + (depth & -TURN); x != end; x += TURN) {
        rows_at(sums, x + 0, depth, w + 0);
        rows_at(sums, x + 1, depth, w + 4);
        rows_at(sums, x + 2, depth, w + 8);
        rows_at(sums, x + 3, depth, w + 12);
        if (TURN > 4) {
            rows_at(sums, x + 4, depth, w + 16);
            rows_at(sums, x + 5, depth, w + 20);
            rows_at(sums, x + 6, depth, w + 24);
            rows_at(sums, x + 7, depth, w + 28);
        }
        w += TILE * TURN;
    }
    for (const int8_t *const end = x + (depth & (TURN - 1)); x != end; ++x) {
        rows_at(sums, x, depth, w);
        w += TILE;
    }
    store_rows(result, sums[0]);
    store_rows(result + ROWS, sums[1]);
    store_rows(result + 2 * ROWS, sums[2]);
    store_rows(result + 3 * ROWS, sums[3]);
}

/* result: the sums of one row and TILES tiles, whose weights are w_step apart and their biases bias_step. */
static void sums_of_tiles(uint32_t *result, const int8_t *x, const int8_t *w, int32_t w_step, int32_t depth,
                          const int32_t *bias, int32_t bias_step) {
    uint32_t sums[2][TILE];
    copy_tile(sums[0], (const uint32_t *)bias);
    if (TILES > 1) {
        copy_tile(sums[1], (const uint32_t *)bias + bias_step);
    }
    for (const int8_t *const end = x + (depth & -TURN); x != end; x += TURN) {
        tiles_at(sums, x[0], w + 0, w_step);
        tiles_at(sums, x[1], w + 4, w_step);
        tiles_at(sums, x[2], w + 8, w_step);
        tiles_at(sums, x[3], w + 12, w_step);
        if (TURN > 4) {
            tiles_at(sums, x[4], w + 16, w_step);
            tiles_at(sums, x[5], w + 20, w_step);
            tiles_at(sums, x[6], w + 24, w_step);
            tiles_at(sums, x[7], w + 28, w_step);
        }
        w += TILE * TURN;
    }
    for (const int8_t *const end = x + (depth & (TURN - 1)); x != end; ++x) {
        tiles_at(sums, *x, w, w_step);
        w += TILE;
    }
    copy_tile(result, sums[0]);
    if (TILES > 1) {
        copy_tile(result + TILE, sums[1]);
    }
}

/* Results of `outputs` outputs of `rows` rows, which are y_step apart. sums: [output][row]. */
INLINE void finish(const struct edgekd_sums_scalar *p, int32_t first, int32_t outputs, const uint32_t *sums,
                   int32_t rows, int8_t *y, int32_t y_step) {
    const int32_t step = p->per_channel;
    const int32_t odd_zero_point = 2 * p->zero_point + 1;
    const int32_t *const multipliers = p->multiplier;
    const int8_t *const shifts = p->shift;
    int32_t channel = first * step;
    for (const int8_t *const end = y + outputs; y < end; ++y) {
        const int32_t multiplier = multipliers[channel];
        const int32_t shift = shifts[channel];
        if (shift > 0) {
            const int32_t offset = edgekd_offset_scalar(odd_zero_point, shift);
            y[0] = (int8_t)edgekd_result_scalar((int32_t)*sums++, multiplier, shift, offset);
            if (rows > 1) {
                y[y_step] = (int8_t)edgekd_result_scalar((int32_t)*sums++, multiplier, shift, offset);
            }
        } else {
            for (int32_t row = 0; row < rows; ++row) {
                y[row * y_step] = edgekd_plain_result_scalar((int32_t)*sums++, multiplier, shift, odd_zero_point >> 1);
            }
        }
        channel += step;
    }
}

/* Outputs first to last - 1, whole tiles, of ROWS rows. */
static void all_rows(const struct edgekd_sums_scalar *p, const int8_t *x, int8_t *y, int32_t y_step, int32_t first,
                     int32_t last) {
    for (; first < last; first += TILE) {
        uint32_t sums[TILE * ROWS];
        sums_of_rows(sums, x, p->weights + first * p->depth, p->depth, p->bias + first);
        finish(p, first, TILE, sums, ROWS, y + first, y_step);
    }
}

/* Outputs first to last - 1, whole tiles, of one row. */
static void one_row(const struct edgekd_sums_scalar *p, const int8_t *x, int8_t *y, int32_t first, int32_t last) {
    while (first < last) {
        uint32_t sums[TILES * TILE];
        const int32_t all = last - first >= TILES * TILE;
        const int32_t step = all ? TILE : 0; /* behind the last tile that one again, for nothing */
        const int32_t count = all ? TILES * TILE : TILE;
        sums_of_tiles(sums, x, p->weights + first * p->depth, step * p->depth, p->depth, p->bias + first, step);
        finish(p, first, count, sums, 1, y + first, 0);
        first += count;
    }
}

/* Outputs first to last - 1, fewer than a tile, of one row. */
static void behind_tiles(const struct edgekd_sums_scalar *p, const int8_t *x, int8_t *y, int32_t first, int32_t last) {
    for (int32_t output = first; output < last; ++output) {
        const int8_t *w = p->weights + first * p->depth + (output - first);
        uint32_t sum = (uint32_t)p->bias[output];
        for (int32_t k = 0; k < p->depth; ++k) {
            add_product(&sum, x[k], *w);
            w += last - first;
        }
        finish(p, output, 1, &sum, 1, y + output, 0);
    }
}

void edgekd_sums_scalar(const struct edgekd_sums_scalar *p, const int8_t *x, int32_t rows, int8_t *y, int32_t outputs,
                        int32_t first, int32_t last) {
    const int32_t tiles_end = first + ((last - first) & ~(TILE - 1));
    if (ROWS > 1 && rows == ROWS) {
        all_rows(p, x, y, outputs, first, tiles_end);
    }
    for (int32_t row = 0; row < rows; ++row) {
        if (ROWS == 1 || rows < ROWS) {
            one_row(p, x, y, first, tiles_end);
        }
        behind_tiles(p, x, y, tiles_end, last);
        edgekd_limit_scalar(y + first, last - first, p->lowest, p->highest);
        x += p->depth;
        y += outputs;
    }
}
