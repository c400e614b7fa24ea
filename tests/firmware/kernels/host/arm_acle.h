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

#endif
