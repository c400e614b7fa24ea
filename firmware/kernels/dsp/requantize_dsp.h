/* From a 32-bit sum to int8 in five instructions (Armv7E-M and Armv8-M with the DSP extension).
 *
 * requantize.h rounds twice: x = round(sum * multiplier / 2^31), then y = round(x / 2^e), halves away from zero.
 *
 *      SMMLAR  x = round(2 sum * multiplier / 2^32) + offset            offset = (2 zero_point + 1) * 2^(e - 1)
 *      ADD     x = x + (2 sum >> 31)                                    a half of a negative number goes down
 *      ASR     x = x >> (e - 1)
 *      SSAT    y = x >> 1, within -128 to 127
 *
 * The sign of x is that of the sum, or x is 0; then e >= 1 makes the -1 of the ADD vanish in the shift. That is exact
 * when e >= 1, |sum| < 2^30 and x + offset does not overflow: edgekd/compiler/isa/dsp/requantization.py makes sure.
 * Its tables hold e - 1, called `shift` here.
 */
#ifndef EDGEKD_REQUANTIZE_DSP_H
#define EDGEKD_REQUANTIZE_DSP_H

#include <stdint.h>

#include "requantize.h"

/* round(a * b / 2^32) + c, halves up, wrapping. GCC 12 makes three instructions of the C. */
static inline int32_t edgekd_smmlar_dsp(int32_t a, int32_t b, int32_t c) {
#ifdef __ARM_FEATURE_DSP
    int32_t sum;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(c));
    return sum;
#else
    return (int32_t)((uint32_t)(((int64_t)a * b + ((int64_t)1 << 31)) >> 32) + (uint32_t)c);
#endif
}

/* x / 2, halves down, within -128 to 127. GCC 12 may make branches of the C. */
static inline int32_t edgekd_saturate_half_dsp(int32_t x) {
#ifdef __ARM_FEATURE_DSP
    int32_t y;
    __asm__("ssat %0, #8, %1, asr #1" : "=r"(y) : "r"(x));
    return y;
#else
    return edgekd_clamp_s8(x >> 1, -128, 127);
#endif
}

/* The offset for a channel, the same for all its sums. odd_zero_point: 2 zero_point + 1. */
static inline int32_t edgekd_offset_dsp(int32_t odd_zero_point, int32_t shift) {
    return (int32_t)((uint32_t)odd_zero_point << shift);
}

/* twice: 2 * sum. The result is within -128 to 127; narrower limits are for the caller.
 *
 * In one piece because GCC 12 spills the sums of a block when it mixes the instructions of several results.
 */
static inline int8_t edgekd_requantize_dsp(int32_t twice, int32_t multiplier, int32_t offset, int32_t shift) {
#ifdef __ARM_FEATURE_DSP
    int32_t result;
    __asm__ volatile("smmlar %0, %1, %2, %3\n\t"
                     "add %0, %0, %1, asr #31\n\t"
                     "asr %0, %0, %4\n\t"
                     "ssat %0, #8, %0, asr #1"
                     : "=&r"(result)
                     : "r"(twice), "r"(multiplier), "r"(offset), "r"(shift));
    return (int8_t)result;
#else
    const int32_t scaled = edgekd_smmlar_dsp(twice, multiplier, offset) + (twice >> 31);
    return (int8_t)edgekd_saturate_half_dsp(scaled >> shift);
#endif
}

#endif
