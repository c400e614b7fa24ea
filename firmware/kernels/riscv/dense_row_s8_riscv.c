/* A word holds an input's weights of four outputs, plus 128 so that none is negative; two words make a tile of eight
 * outputs:
 *
 *      bytes     p + 128   q + 128   r + 128   s + 128
 *
 *      & mask    p + 2^16 r            + 128 (1 + 2^16)              even
 *      >> 8      q + 2^8 r + 2^16 s    + 128 (1 + 2^8 + 2^16)        odd
 *
 * Times the inputs x and added up these give, P standing for the sum of p x and so on, after 128 (...) times the sum
 * of x is taken off:  P + 2^16 R  and  Q + 2^8 R + 2^16 S.  While all four are at least -2^15 and less than 2^15, R and
 * then S are the upper halves, rounded. The compiler, which knows the weights, cuts the inputs into segments that
 * short; the sums of segments are kept in 32 bits each: P + 2^16 R and R of all, from which P follows at the end.
 */
#include "dense_row_s8_riscv.h"

#include "requantize_scalar.h"

#define INLINE static inline __attribute__((always_inline))

enum { TILE = 8, WORDS = 2, PAIR = 2, HALF = 0x8000 };

/* As in packed_sums_riscv.c. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-schedule-insns", "rename-registers", "ira-algorithm=priority")
#endif

/* Of four outputs, of a segment and of all so far. */
struct word_sums {
    uint32_t even;
    uint32_t odd;
    uint32_t all_even; /* P + 2^16 R + HALF for each segment */
    uint32_t all_odd;  /* Q + 2^16 S + HALF for each segment */
    uint32_t r;
    uint32_t s;
};

INLINE void add_product(uint32_t *sum, uint32_t x, uint32_t w) {
    *sum += x * w;
    __asm__("" : "+r"(*sum));
}

INLINE void add_input(struct word_sums sums[WORDS], uint32_t *inputs, uint32_t x, const uint32_t *words) {
    const uint32_t mask = 0x00ff00ff;
    *inputs += x;
    __asm__("" : "+r"(*inputs));
    add_product(&sums[0].even, x, words[0] & mask);
    add_product(&sums[0].odd, x, words[0] >> 8);
    add_product(&sums[1].even, x, words[1] & mask);
    add_product(&sums[1].odd, x, words[1] >> 8);
}

INLINE void add_pair(struct word_sums sums[WORDS], uint32_t *inputs, const int8_t *x, const uint32_t *words) {
    add_input(sums, inputs, (uint32_t)x[0], words);
    add_input(sums, inputs, (uint32_t)x[1], words + WORDS);
}

/* Adds a segment's sums to those of all. inputs: the sum of its x. */
INLINE void end_segment(struct word_sums *sums, uint32_t inputs) {
    const uint32_t even = sums->even - (inputs * 0x00800080 - HALF);
    const uint32_t r = (uint32_t)((int32_t)even >> 16);
    const uint32_t odd = sums->odd - (inputs * 0x00808080 - HALF) - (r << 8);
    sums->all_even += even;
    sums->all_odd += odd;
    sums->r += r;
    sums->s += (uint32_t)((int32_t)odd >> 16);
}

/* results: of four outputs. halves: HALF for each segment. */
INLINE void take_apart(uint32_t results[4], const struct word_sums *sums, uint32_t halves) {
    results[0] = sums->all_even - (sums->r << 16) - halves;
    results[1] = sums->all_odd - (sums->s << 16) - halves;
    results[2] = sums->r;
    results[3] = sums->s;
}

/* Returns the next tile's segments. */
static const uint8_t *sums_of_tile(uint32_t results[TILE], const int8_t *x, const uint32_t *words, int32_t depth,
                                   const uint8_t *segments) {
    struct word_sums sums[WORDS] = {{0}};
    uint32_t halves = 0;
    for (const int8_t *const end = x + depth; x != end; ++segments) {
        uint32_t inputs = 0;
        sums[0].even = sums[0].odd = sums[1].even = sums[1].odd = 0;
        const int32_t pairs = *segments;
        if (pairs & 1) {
            add_pair(sums, &inputs, x, words);
            x += PAIR;
            words += PAIR * WORDS;
        }
        for (const int8_t *const segment_end = x + PAIR * (pairs & -2); x != segment_end; x += 2 * PAIR) {
            add_pair(sums, &inputs, x, words);
            add_pair(sums, &inputs, x + PAIR, words + PAIR * WORDS);
            words += 2 * PAIR * WORDS;
        }
        end_segment(&sums[0], inputs);
        end_segment(&sums[1], inputs);
        halves += HALF;
    }
    take_apart(results, &sums[0], halves);
    take_apart(results + 4, &sums[1], halves);
    return segments;
}

static void finish(const struct edgekd_dense_row_s8_riscv *p, int32_t first, const uint32_t sums[TILE], int8_t *y) {
    const int32_t step = p->per_channel;
    const int32_t odd_zero_point = 2 * p->zero_point + 1;
    const int32_t *bias = p->bias + first;
    const int32_t *multiplier = p->multiplier + first * step;
    const int8_t *shifts = p->shift + first * step;
    for (const uint32_t *const end = sums + TILE; sums != end; ++sums) {
        const int32_t sum = (int32_t)(*sums + (uint32_t)*bias++);
        const int32_t shift = *shifts;
        if (shift > 0) {
            const int32_t offset = edgekd_offset_scalar(odd_zero_point, shift);
            *y++ = (int8_t)edgekd_result_scalar(sum, *multiplier, shift, offset);
        } else {
            *y++ = edgekd_plain_result_scalar(sum, *multiplier, shift, odd_zero_point >> 1);
        }
        multiplier += step;
        shifts += step;
    }
}

void edgekd_dense_row_s8_riscv(const struct edgekd_dense_row_s8_riscv *p, const int8_t *x, int8_t *y) {
    const uint32_t *words = (const uint32_t *)p->words;
    const uint8_t *segments = p->segments;
    for (int32_t output = 0; output < p->outputs; output += TILE) {
        uint32_t sums[TILE];
        segments = sums_of_tile(sums, x, words, p->depth, segments);
        words += WORDS * p->depth;
        finish(p, output, sums, y + output);
    }
    edgekd_limit_scalar(y, p->outputs, p->lowest, p->highest);
}
