/* Four int8 numbers of a word, each by itself; two int16 numbers out of two words (words_dsp.h has loads and
 * extension).
 */
#ifndef EDGEKD_LANES_DSP_H
#define EDGEKD_LANES_DSP_H

#include <arm_acle.h>
#include <stdint.h>
#include <string.h>

#include "requantize.h"

/* To any address. */
static inline void edgekd_store_4_dsp(int8_t *to, int32_t word) {
    memcpy(to, &word, 4);
}

/* Four times `value`. */
static inline int32_t edgekd_splat_dsp(int32_t value) {
    return (int32_t)((uint32_t)(uint8_t)value * 0x01010101u);
}

/* The lower halves of two words. GCC 12 makes two instructions of the C. */
static inline int32_t edgekd_pair_dsp(int32_t bottom, int32_t top) {
#ifdef __ARM_FEATURE_DSP
    int32_t pair;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(pair) : "r"(bottom), "r"(top));
    return pair;
#else
    return (int32_t)(((uint32_t)bottom & 0xffff) | (uint32_t)top << 16);
#endif
}

/* sums + bytes 1 and 3. GCC 12 makes two instructions of a rotation and __sxtab16. */
static inline int32_t edgekd_add_odd_dsp(int32_t sums, int32_t bytes) {
#ifdef __ARM_FEATURE_DSP
    int32_t pair;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(pair) : "r"(sums), "r"(bytes));
    return pair;
#else
    return __sxtab16(sums, (int32_t)((uint32_t)bytes >> 8));
#endif
}

/* x >> y, of y only the lowest byte. GCC 12 clears the others first. */
static inline int32_t edgekd_asr_dsp(int32_t x, int32_t y) {
#ifdef __ARM_FEATURE_DSP
    int32_t shifted;
    __asm__("asr %0, %1, %2" : "=r"(shifted) : "r"(x), "r"(y));
    return shifted;
#else
    return x >> (y & 0xff);
#endif
}

/* x / 2^20, rounded down, within -128 to 127. GCC 12 makes comparisons of the C. */
static inline int32_t edgekd_saturate_20_dsp(int32_t x) {
#ifdef __ARM_FEATURE_DSP
    int32_t y;
    __asm__("ssat %0, #8, %1, asr #20" : "=r"(y) : "r"(x));
    return y;
#else
    return edgekd_clamp_s8(x >> 20, -128, 127);
#endif
}

/* SSUB8 notes which numbers of `a` are not below those of `b`, SEL chooses by that. */
static inline int32_t edgekd_min_dsp(int32_t a, int32_t b) {
    (void)__ssub8(a, b);
    return (int32_t)__sel((uint32_t)b, (uint32_t)a);
}

static inline int32_t edgekd_max_dsp(int32_t a, int32_t b) {
    (void)__ssub8(a, b);
    return (int32_t)__sel((uint32_t)a, (uint32_t)b);
}

#endif
