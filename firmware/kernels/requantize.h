/* From a 32-bit sum to an int8 result, with the two roundings of TensorFlow Lite Micro.
 *
 * A real factor is kept as multiplier * 2^(shift - 31), multiplier from 2^30 to 2^31 - 1 (or 0). Sums wrap at 32 bits
 * as they do there; here through unsigned arithmetic, so that no overflow is undefined. Shifting a negative number
 * right is taken to keep its sign, as gcc and clang do on every machine.
 */
#ifndef EDGEKD_REQUANTIZE_H
#define EDGEKD_REQUANTIZE_H

#include <stdint.h>

/* a * b / 2^31, halves rounded up. Not for a = b = -2^31. */
static inline int32_t edgekd_high_multiply(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* x / 2^exponent, halves rounded away from zero. exponent: 0 to 31. */
static inline int32_t edgekd_rounding_shift(int32_t x, int32_t exponent) {
    const uint32_t mask = ((uint32_t)1 << exponent) - 1;
    const uint32_t half = (mask >> 1) + (x < 0);
    return (x >> exponent) + (((uint32_t)x & mask) > half);
}

/* x * multiplier * 2^(shift - 31). shift: -31 to 30, to the left when above 0. */
static inline int32_t edgekd_requantize(int32_t x, int32_t multiplier, int32_t shift) {
    if (shift > 0) {
        return edgekd_high_multiply((int32_t)((uint32_t)x << shift), multiplier);
    }
    return edgekd_rounding_shift(edgekd_high_multiply(x, multiplier), -shift);
}

static inline int8_t edgekd_clamp_s8(int32_t x, int32_t lowest, int32_t highest) {
    return (int8_t)(x < lowest ? lowest : x > highest ? highest : x);
}

/* x + zero_point, wrapping, within lowest to highest. */
static inline int8_t edgekd_offset_clamp_s8(int32_t x, int32_t zero_point, int32_t lowest, int32_t highest) {
    return edgekd_clamp_s8((int32_t)((uint32_t)x + (uint32_t)zero_point), lowest, highest);
}

#endif
