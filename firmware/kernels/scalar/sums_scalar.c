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

/* GCC's scheduling before register allocation would load more weights at a time than there are registers: 8 % more
 * instructions on a Cortex-M3. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-schedule-insns")
#endif

/* sum + x * w. The empty statement makes the compiler add product by product (MLA) where it would rather add up some
 * products first, with more numbers alive than there are registers. */
INLINE void add_product(uint32_t *sum, int32_t x, int32_t w) {
    *sum += (uint32_t)(x * w);
    __asm__("" : "+r"(*sum));
}

/* Element by element, so that local sums can be in registers. */
INLINE void copy_four(uint32_t to[4], const uint32_t from[4]) {
    to[0] = from[0];
    to[1] = from[1];
    to[2] = from[2];
    to[3] = from[3];
}

INLINE void copy(uint32_t to[4][4], uint32_t from[4][4]) {
    copy_four(to[0], from[0]);
    copy_four(to[1], from[1]);
    copy_four(to[2], from[2]);
    copy_four(to[3], from[3]);
}

/* One weight times an input of each of ROWS rows. */
INLINE void add_rows(uint32_t sums[4], const int32_t x[4], int32_t w) {
    add_product(&sums[0], x[0], w);
    if (ROWS > 1) {
        add_product(&sums[1], x[1], w);
    }
    if (ROWS > 2) {
        add_product(&sums[2], x[2], w);
    }
    if (ROWS > 3) {
        add_product(&sums[3], x[3], w);
    }
}

INLINE void rows_at(uint32_t sums[4][4], const int8_t *row, int32_t step, const int8_t *w) {
    int32_t x[4];
    x[0] = row[0];
    if (ROWS > 1) {
        x[1] = row[step];
    }
    if (ROWS > 2) {
        x[2] = row[2 * step];
    }
    if (ROWS > 3) {
        x[3] = row[3 * step];
    }
    add_rows(sums[0], x, w[0]);
    add_rows(sums[1], x, w[1]);
    add_rows(sums[2], x, w[2]);
    add_rows(sums[3], x, w[3]);
}

/* One input times a weight of each of a tile's outputs. */
INLINE void add_tile(uint32_t sums[4], int32_t x, const int8_t *w) {
    add_product(&sums[0], x, w[0]);
    add_product(&sums[1], x, w[1]);
    add_product(&sums[2], x, w[2]);
    add_product(&sums[3], x, w[3]);
}

INLINE void tiles_at(uint32_t sums[4][TILE], int32_t x, const int8_t *w, int32_t step) {
    add_tile(sums[0], x, w);
    if (TILES > 1) {
        add_tile(sums[1], x, w + step);
    }
    if (TILES > 2) {
        add_tile(sums[2], x, w + 2 * step);
    }
    if (TILES > 3) {
        add_tile(sums[3], x, w + 3 * step);
    }
}

/* Adds to the sums of ROWS rows, depth apart, and one tile. */
static void sums_of_rows(uint32_t result[4][4], const int8_t *x, const int8_t *w, int32_t depth) {
    uint32_t sums[4][4];
    copy(sums, result);
    for (int32_t turns = depth / TURN; turns > 0; --turns) {
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
        x += TURN;
        w += 4 * TURN;
    }
    for (int32_t rest = depth % TURN; rest > 0; --rest) {
        rows_at(sums, x++, depth, w);
        w += 4;
    }
    copy(result, sums);
}

/* Adds to the sums of one row and TILES tiles, step apart. */
static void sums_of_tiles(uint32_t result[4][4], const int8_t *x, const int8_t *w, int32_t depth, int32_t step) {
    uint32_t sums[4][TILE];
    copy(sums, result);
    for (int32_t turns = depth / TURN; turns > 0; --turns) {
        tiles_at(sums, x[0], w + 0, step);
        tiles_at(sums, x[1], w + 4, step);
        tiles_at(sums, x[2], w + 8, step);
        tiles_at(sums, x[3], w + 12, step);
        if (TURN > 4) {
            tiles_at(sums, x[4], w + 16, step);
            tiles_at(sums, x[5], w + 20, step);
            tiles_at(sums, x[6], w + 24, step);
            tiles_at(sums, x[7], w + 28, step);
        }
        x += TURN;
        w += 4 * TURN;
    }
    for (int32_t rest = depth % TURN; rest > 0; --rest) {
        tiles_at(sums, *x++, w, step);
        w += 4;
    }
    copy(result, sums);
}

/* The results of one output: of `count` sums, the first at *y, the others y_step apart. */
static void finish(const struct edgekd_sums_scalar *p, int32_t output, const uint32_t *sums, int32_t count, int8_t *y,
                   int32_t y_step) {
    const int32_t at = output * p->per_channel;
    const int32_t multiplier = p->multiplier[at];
    const int32_t shift = p->shift[at];
    if (shift > 0) {
        const int32_t offset = edgekd_offset_scalar(p->zero_point, shift);
        for (; count > 0; --count) {
            *y = edgekd_result_scalar((int32_t)*sums++, multiplier, shift, offset);
            y += y_step;
        }
    } else {
        for (; count > 0; --count) {
            *y = edgekd_plain_result_scalar((int32_t)*sums++, multiplier, shift, p->zero_point);
            y += y_step;
        }
    }
}

static void set_four(uint32_t sums[4], uint32_t value) {
    sums[0] = value;
    sums[1] = value;
    sums[2] = value;
    sums[3] = value;
}

/* Outputs first to last - 1, whole tiles, of ROWS rows. */
static void all_rows(const struct edgekd_sums_scalar *p, const int8_t *x, int8_t *y, int32_t outputs, int32_t first,
                     int32_t last) {
    for (; first < last; first += TILE) {
        uint32_t sums[TILE][4];
        for (int32_t i = 0; i < TILE; ++i) {
            set_four(sums[i], (uint32_t)p->bias[first + i]);
        }
        sums_of_rows(sums, x, p->weights + first * p->depth, p->depth);
        for (int32_t i = 0; i < TILE; ++i) {
            finish(p, first + i, sums[i], ROWS, y + first + i, outputs);
        }
    }
}

/* Outputs first to last - 1, whole tiles, of one row. */
static void one_row(const struct edgekd_sums_scalar *p, const int8_t *x, int8_t *y, int32_t first, int32_t last) {
    while (first < last) {
        uint32_t sums[4][TILE];
        const int32_t all = last - first >= TILES * TILE;
        const int32_t count = all ? TILES * TILE : TILE;
        for (int32_t i = 0; i < TILES; ++i) {
            copy_four(sums[i], (const uint32_t *)p->bias + first + (all ? TILE * i : 0));
        }
        sums_of_tiles(sums, x, p->weights + first * p->depth, p->depth, all ? TILE * p->depth : 0);
        for (int32_t i = 0; i < count; ++i) {
            finish(p, first + i, &sums[0][0] + i, 1, y + first + i, 0);
        }
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
        finish(p, output, &sum, 1, y + output, 0);
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
