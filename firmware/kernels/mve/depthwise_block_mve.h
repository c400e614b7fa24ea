/* What the depthwise kernels share: 16 sums of a block to results. The channels' order makes narrowing sort them:
 *
 *      sums     0 4 8 12    2 6 10 14       1 5 9 13    3 7 11 15
 *      16 bits  0 2 4 6 8 10 12 14          1 3 5 7 9 11 13 15
 *      8 bits   0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
 */
#ifndef EDGEKD_DEPTHWISE_BLOCK_MVE_H
#define EDGEKD_DEPTHWISE_BLOCK_MVE_H

#include "requantize_mve.h"
#include "window.h"

#define EDGEKD_BLOCK 16 /* channels */

/* Four sums each to 16 bits: lanes of `even` and `odd` in turn. GCC 12 would copy `even` first. */
static inline int16x8_t edgekd_narrow_mve(int32x4_t even, int32x4_t odd) {
    __asm__("vqmovnb.s32 %q[even], %q[even]\n\t"
            "vqmovnt.s32 %q[even], %q[odd]"
            : [even] "+w"(even)
            : [odd] "w"(odd));
    return vreinterpretq_s16_s32(even);
}

/* The first `count` results, 16 at most. GCC 12 would take the predicate out of its register in between. */
static inline void edgekd_store_mve(int8_t *y, int8x16_t x, int32_t count) {
    __asm__ volatile("vctp.8 %[count]\n\t"
                     "vpst\n\t"
                     "vstrbt.8 %q[x], [%[y]]"
                     :
                     : [count] "r"(count), [x] "w"(x), [y] "r"(y)
                     : "memory");
}

/* Requantizes the sums of a block and stores the first `count` results. factors: the block's. */
static inline void edgekd_finish_block_mve(const struct edgekd_scaling_mve *s, const int32_t *factors, int32x4_t sum0,
                                           int32x4_t sum1, int32x4_t sum2, int32x4_t sum3, int32_t count, int8_t *y) {
    const int8_t *shifts = (const int8_t *)(factors + EDGEKD_BLOCK);
    sum0 = edgekd_requantize_mve(sum0, vld1q_s32(factors), vldrbq_s32(shifts), s->away);
    sum1 = edgekd_requantize_mve(sum1, vld1q_s32(factors + 4), vldrbq_s32(shifts + 4), s->away);
    sum2 = edgekd_requantize_mve(sum2, vld1q_s32(factors + 8), vldrbq_s32(shifts + 8), s->away);
    sum3 = edgekd_requantize_mve(sum3, vld1q_s32(factors + 12), vldrbq_s32(shifts + 12), s->away);
    const int16x8_t even = vqaddq_n_s16(edgekd_narrow_mve(sum0, sum1), (int16_t)s->zero_point);
    const int16x8_t odd = vqaddq_n_s16(edgekd_narrow_mve(sum2, sum3), (int16_t)s->zero_point);
    int8x16_t x = vqmovntq_s16(vqmovnbq_s16(vreinterpretq_s8_s16(even), even), odd);
    x = vmaxq_s8(x, vdupq_n_s8((int8_t)s->lowest));
    x = vminq_s8(x, vdupq_n_s8((int8_t)s->highest));
    edgekd_store_mve(y, x, count);
}

/* The output columns (rows) of a window whose taps all lie inside: first to last - 1. */
static inline struct edgekd_taps edgekd_outputs_inside(int32_t padding, int32_t stride, int32_t reach, int32_t extent,
                                                       int32_t outputs) {
    const int32_t room = extent + padding - reach;
    const int32_t last = room < 0 ? 0 : room / stride + 1;
    return (struct edgekd_taps){(padding + stride - 1) / stride, last < outputs ? last : outputs};
}

#endif
