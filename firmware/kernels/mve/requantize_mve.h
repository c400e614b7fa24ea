/* Four 32-bit sums to int8 results at a time: requantize.h in vectors.
 *
 * VQRDMULH rounds as edgekd_high_multiply does. VRSHL rounds halves up, TensorFlow Lite Micro away from zero: one is
 * taken from what is negative first, x + (x >> 31), which a single VQDMLAH by 1 gives: x + ((2 * x * 1) >> 32). Not
 * where a shift is 0; and there is no need to where negative results end at `lowest` whatever they are (ReLU).
 */
#ifndef EDGEKD_REQUANTIZE_MVE_H
#define EDGEKD_REQUANTIZE_MVE_H

#include <arm_mve.h>

#ifndef __OPTIMIZE__
#error "compile with -O1 or more: GCC is to keep values in the registers that the loops written out leave it"
#endif

/* factors: of each group of n channels n multipliers, then n shifts of one byte, none above 0; see requantize.h.
 * step: words from one group to the next, n + n / 4, or 0 when all channels have the same factors.
 * away: 1 when results are to be rounded away from zero, 0 when it makes no difference.
 */
struct edgekd_scaling_mve {
    const int32_t *factors;
    int8_t step;
    int8_t away;
    int8_t zero_point; /* of the output */
    int8_t lowest;     /* the fused activation, as limits of the output */
    int8_t highest;
};

static inline int32x4_t edgekd_requantize_mve(int32x4_t sum, int32x4_t multiplier, int32x4_t shift, int32_t away) {
    const int32x4_t x = vqrdmulhq_s32(sum, multiplier);
    return vrshlq_s32(vqdmlahq_n_s32(x, x, away), shift);
}

/* Sums of four channels to results, as 32-bit numbers. factors: of the four. */
static inline int32x4_t edgekd_results_mve(const struct edgekd_scaling_mve *s, int32x4_t sums, const int32_t *factors,
                                           int32x4_t lowest, int32x4_t highest) {
    const int32x4_t shift = vldrbq_s32((const int8_t *)(factors + 4));
    const int32x4_t x = edgekd_requantize_mve(sums, vld1q_s32(factors), shift, s->away);
    return vminq_s32(vmaxq_s32(vaddq_n_s32(x, s->zero_point), lowest), highest);
}

#endif
