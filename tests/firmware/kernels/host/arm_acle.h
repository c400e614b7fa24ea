/* The intrinsics of Arm's C Language Extensions that firmware/kernels/dsp uses, in plain C, so that tests can run those
 * kernels on this machine under the sanitizers. Semantics: Arm Architecture Reference Manual Armv7-M (DDI 0403), A7.7.
 */
#ifndef EDGEKD_TESTS_ARM_ACLE_H
#define EDGEKD_TESTS_ARM_ACLE_H

#include <stdint.h>

typedef int32_t int8x4_t;
typedef int32_t int16x2_t;

static inline int32_t edgekd_test_low(int32_t pair) {
    return (int16_t)(uint32_t)pair;
}

static inline int32_t edgekd_test_high(int32_t pair) {
    return pair >> 16;
}

static inline int16x2_t __sxtb16(int8x4_t a) {
    const uint32_t low = (uint32_t)(int8_t)(uint32_t)a;
    const uint32_t high = (uint32_t)(int8_t)((uint32_t)a >> 16);
    return (int32_t)((low & 0xffff) | high << 16);
}

/* Wraps; the hardware also sets Q, which no kernel reads. */
static inline int32_t __smlad(int16x2_t a, int16x2_t b, int32_t c) {
    const uint32_t low = (uint32_t)(edgekd_test_low(a) * edgekd_test_low(b));
    const uint32_t high = (uint32_t)(edgekd_test_high(a) * edgekd_test_high(b));
    return (int32_t)(low + high + (uint32_t)c);
}

/* The lower half of a by the lower, the upper half of b. */
static inline int32_t __smlabb(int16x2_t a, int16x2_t b, int32_t c) {
    return (int32_t)((uint32_t)(edgekd_test_low(a) * edgekd_test_low(b)) + (uint32_t)c);
}

static inline int32_t __smlabt(int16x2_t a, int16x2_t b, int32_t c) {
    return (int32_t)((uint32_t)(edgekd_test_low(a) * edgekd_test_high(b)) + (uint32_t)c);
}

/* A word by a half of another, the upper 32 of 48 bits. */
static inline int32_t __smlawb(int32_t a, int16x2_t b, int32_t c) {
    return (int32_t)((uint32_t)((int64_t)a * edgekd_test_low(b) >> 16) + (uint32_t)c);
}

static inline int32_t __smlawt(int32_t a, int16x2_t b, int32_t c) {
    return (int32_t)((uint32_t)((int64_t)a * edgekd_test_high(b) >> 16) + (uint32_t)c);
}

static inline int16x2_t __sadd16(int16x2_t a, int16x2_t b) {
    const uint32_t low = (uint32_t)(edgekd_test_low(a) + edgekd_test_low(b));
    const uint32_t high = (uint32_t)(edgekd_test_high(a) + edgekd_test_high(b));
    return (int32_t)((low & 0xffff) | high << 16);
}

static inline int16x2_t __sxtab16(int16x2_t a, int8x4_t b) {
    return __sadd16(a, __sxtb16(b));
}

/* The flags APSR.GE, one a byte. */
static uint32_t edgekd_test_ge;

static inline int8x4_t __ssub8(int8x4_t a, int8x4_t b) {
    uint32_t differences = 0;
    edgekd_test_ge = 0;
    for (int shift = 0; shift < 32; shift += 8) {
        const int32_t difference = (int8_t)((uint32_t)a >> shift) - (int8_t)((uint32_t)b >> shift);
        differences |= ((uint32_t)difference & 0xff) << shift;
        edgekd_test_ge |= (difference >= 0 ? 0xffu : 0) << shift;
    }
    return (int32_t)differences;
}

static inline uint32_t __sel(uint32_t a, uint32_t b) {
    return (a & edgekd_test_ge) | (b & ~edgekd_test_ge);
}

#endif
