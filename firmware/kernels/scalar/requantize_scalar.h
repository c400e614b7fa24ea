/* From a 32-bit sum to an int8 result on cores without SIMD: the bytes of requantize.h in fewer steps.
 *
 * With r = -shift bits to go after the multiplication, zero point z and e = r - 1, TensorFlow Lite Micro computes
 *
 *      high   = floor((sum * multiplier + 2^30) / 2^31)                     halves up
 *      result = high / 2^r, halves away from zero, + z
 *             = floor((high - (high < 0) + 2^e + z * 2^r) / 2^r)            2^e + z * 2^r = (2 z + 1) * 2^e
 *
 * and high < 0 just where sum < 0 (or the result is the same: sum = -1, multiplier = 2^30). No step leaves 32 bits when
 * |sum| < 2^28, multiplier >= 2^30 and r is 1 to 22, which the compiler checks channel by channel: such a channel has
 * its r in the table of shifts. The shift of any other is there minus EDGEKD_PLAIN_SCALAR, which makes it negative.
 */
#ifndef EDGEKD_REQUANTIZE_SCALAR_H
#define EDGEKD_REQUANTIZE_SCALAR_H

#include "requantize.h"

#define EDGEKD_PLAIN_SCALAR 64

/* x, limited to int8. */
static inline int32_t edgekd_saturate_scalar(int32_t x) {
#ifdef __ARM_FEATURE_SAT
    __asm__("ssat %0, #8, %0" : "+r"(x)); /* GCC makes two comparisons of what is below */
#else
    if ((uint32_t)x + 128 > 255) {
        x = x < 0 ? INT8_MIN : INT8_MAX;
    }
#endif
    return x;
}

/* edgekd_offset_scalar: what a channel's results share. odd_zero_point: 2 z + 1. shift: r above.
 * edgekd_result_scalar: its result, an int8. offset: edgekd_offset_scalar's.
 */
#ifdef __riscv
/* Where a 64-bit product lies in two registers and nothing adds to both: with v = floor(sum * multiplier / 2^30), the
 * higher one alone, high = floor((v + 1) / 2), hence
 *
 *      result = floor((v - 2 (sum < 0) + 1 + (2 z + 1) * 2^r) / 2^(r + 1))
 */
static inline int32_t edgekd_offset_scalar(int32_t odd_zero_point, int32_t shift) {
    return (int32_t)(((uint32_t)odd_zero_point << shift) + 1);
}

static inline int32_t edgekd_result_scalar(int32_t sum, int32_t multiplier, int32_t shift, int32_t offset) {
    const int32_t product = (int32_t)(((int64_t)(int32_t)((uint32_t)sum << 2) * multiplier) >> 32);
    if (sum < 0) {
        const int32_t below = (product + offset - 2) >> (shift + 1);
        return below < INT8_MIN ? INT8_MIN : below;
    }
    const int32_t result = (product + offset) >> (shift + 1);
    return result > INT8_MAX ? INT8_MAX : result;
}

#else
/* floor((sum * multiplier + 2^30) / 2^31) + offset, |sum| < 2^28, multiplier >= 2^30. */
static inline int32_t edgekd_high_scalar(int32_t sum, int32_t multiplier, int32_t offset) {
    const int32_t twice = (int32_t)((uint32_t)sum << 1);
#if defined(__ARM_ARCH_6M__)
    /* There is no long multiplication: four short ones, the lower half of `twice` signed so that all sums fit. */
    const int32_t low = (int16_t)twice;
    const int32_t high = (twice - low) >> 16;
    const int32_t factor_low = (int32_t)((uint32_t)multiplier & 0xffff);
    const int32_t factor_high = multiplier >> 16;
    const int32_t lowest = (int32_t)((uint32_t)low * (uint32_t)factor_low) >> 16;
    return high * factor_high + ((high * factor_low + low * factor_high + lowest + 0x8000) >> 16) + offset;
#elif defined(__arm__)
    const int64_t start = (int64_t)(((uint64_t)(uint32_t)offset << 32) + 0x80000000u);
    return (int32_t)((start + (int64_t)twice * multiplier) >> 32); /* SMLAL */
#else
    const int64_t product = (int64_t)twice * multiplier;
    return (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31) + offset;
#endif
}

static inline int32_t edgekd_offset_scalar(int32_t odd_zero_point, int32_t shift) {
    return (int32_t)((uint32_t)odd_zero_point << (shift - 1));
}

static inline int32_t edgekd_result_scalar(int32_t sum, int32_t multiplier, int32_t shift, int32_t offset) {
    return edgekd_saturate_scalar(edgekd_high_scalar(sum, multiplier, offset + (sum >> 31)) >> shift);
}
#endif

/* The result of a channel that does not meet the conditions above. shift: as in the table. */
int8_t edgekd_plain_result_scalar(int32_t sum, int32_t multiplier, int32_t shift, int32_t zero_point);

/* A fused activation that leaves less than int8: limits `count` results. */
void edgekd_limit_scalar(int8_t *y, int32_t count, int32_t lowest, int32_t highest);

#endif
