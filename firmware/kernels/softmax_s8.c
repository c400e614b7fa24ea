/* Softmax in fixed point, as TensorFlow Lite Micro computes it with gemmlowp: Qi.f has i integer and f fractional bits
 * beside the sign.
 */
#include "softmax_s8.h"

#include "requantize.h"

#include <stddef.h>

/* x * 2^exponent, saturating. */
static int32_t shift_up(int32_t x, int32_t exponent) {
    const int32_t limit = (int32_t)(((uint32_t)1 << (31 - exponent)) - 1);
    if (x > limit) {
        return INT32_MAX;
    }
    return x < -limit ? INT32_MIN : (int32_t)((uint32_t)x << exponent);
}

/* 1 / (1 + x), x and result Q0.31, 0 <= x < 1: Newton's division, x scaled to half the denominator. */
static int32_t reciprocal_of_one_plus(int32_t x) {
    const int32_t half_denominator = (int32_t)(((uint32_t)x + (uint32_t)INT32_MAX + 1) >> 1);
    const int32_t one = (int32_t)1 << 29; /* Q2.29 from here */
    const int32_t start_48_17 = 1515870810;
    const int32_t start_minus_32_17 = -1010580540;
    int32_t y = start_48_17 + edgekd_high_multiply(half_denominator, start_minus_32_17);
    for (int step = 0; step < 3; ++step) {
        const int32_t error = one - edgekd_high_multiply(half_denominator, y);
        y += shift_up(edgekd_high_multiply(y, error), 2);
    }
    return shift_up(y, 1);
}

/* What a row's exponentials are multiplied with: scale Q0.31, then divided by 2^bits. */
struct norm {
    int32_t largest; /* input of the row */
    int32_t scale;
    int32_t bits;
};

static inline int32_t exp_of(const EDGEKD_FLASH struct edgekd_softmax_s8 *p, int32_t difference) {
    return difference < p->exps ? p->exp[difference] : 0;
}

static struct norm norm_of(const EDGEKD_FLASH struct edgekd_softmax_s8 *p, const int8_t *x) {
    struct norm norm = {INT8_MIN, 0, 12};
    for (int32_t i = 0; i < p->depth; ++i) {
        norm.largest = x[i] > norm.largest ? x[i] : norm.largest;
    }
    uint32_t sum = 0; /* Q12.19 */
    for (int32_t i = 0; i < p->depth; ++i) {
        sum += (uint32_t)edgekd_rounding_shift(exp_of(p, norm.largest - x[i]), 12);
    }
    while (sum < (uint32_t)1 << 31) { /* the largest input alone makes it at least 1 */
        sum <<= 1;
        --norm.bits;
    }
    norm.scale = reciprocal_of_one_plus((int32_t)(sum - ((uint32_t)1 << 31)));
    return norm;
}

/* A softmax of `width` bits, 0 for none of the probability.
 *
 * Rows whose exponentials add up to 512 or more have no 8-bit result in TensorFlow Lite Micro, which asserts that it
 * divides by 2^31 at most: here every probability of such a row is what the division would round it to, 0.
 */
static inline int32_t probability(const EDGEKD_FLASH struct edgekd_softmax_s8 *p, struct norm norm, int32_t x,
                                  int32_t width) {
    const int32_t share = edgekd_high_multiply(norm.scale, exp_of(p, norm.largest - x));
    const int32_t exponent = norm.bits + 31 - width;
    return exponent > 31 ? 0 : edgekd_rounding_shift(share, exponent);
}

void edgekd_softmax_s8(const EDGEKD_FLASH struct edgekd_softmax_s8 *p, const int8_t *input, int8_t *output) {
    for (int32_t row = 0; row < p->rows; ++row) {
        const struct norm norm = norm_of(p, input);
        for (int32_t i = 0; i < p->depth; ++i) {
            output[i] = edgekd_offset_clamp_s8(probability(p, norm, input[i], 8), INT8_MIN, INT8_MIN, INT8_MAX);
        }
        input += p->depth;
        output += p->depth;
    }
}

void edgekd_softmax_s8_s16(const EDGEKD_FLASH struct edgekd_softmax_s8 *p, const int8_t *input, int16_t *output) {
    for (int32_t row = 0; row < p->rows; ++row) {
        const struct norm norm = norm_of(p, input);
        for (int32_t i = 0; i < p->depth; ++i) {
            const int32_t x = probability(p, norm, input[i], 16) + INT16_MIN;
            output[i] = (int16_t)(x > INT16_MAX ? INT16_MAX : x);
        }
        input += p->depth;
        output += p->depth;
    }
}
