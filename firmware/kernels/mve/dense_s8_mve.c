/* Weighted sums of one or two rows, int8, MVE: four outputs a pass, 16 products an instruction (VMLADAVA).
 *
 *      weights, 64 bytes a step:  output 0: w[k] .. w[k + 15]    output 1    output 2    output 3
 *      sum of output i of row r  +=  w_i[k] * x_r[k] + ... + w_i[k + 15] * x_r[k + 15]
 *
 * VMLADAVA adds to an even core register, and two rows by four outputs take all of them (r0 to r14). GCC 12 moves sums
 * in and out of such registers inside the loop, 27 instructions for the 16 below: so the loop is written out.
 */
#include "dense_s8_mve.h"

static inline int32x4_t vector(int32_t lane0, int32_t lane1, int32_t lane2, int32_t lane3) {
    int32x4_t lanes;
    __asm__("vmov %q0[2], %q0[0], %1, %3\n\t"
            "vmov %q0[3], %q0[1], %2, %4"
            : "=&w"(lanes)
            : "r"(lane0), "r"(lane1), "r"(lane2), "r"(lane3));
    return lanes;
}

/* Results of four channels. left: how many of them there are. */
static inline void store(const struct edgekd_scaling_mve *s, int32x4_t sum, int32x4_t multiplier, int32x4_t shift,
                         mve_pred16_t left, int8_t *y) {
    int32x4_t x = vaddq_n_s32(edgekd_requantize_mve(sum, multiplier, shift, s->away), s->zero_point);
    x = vminq_s32(vmaxq_s32(x, vdupq_n_s32(s->lowest)), vdupq_n_s32(s->highest));
    vstrbq_p_s32(y, x, left);
}

void edgekd_dense_row_s8_mve(const struct edgekd_dense_s8_mve *p, const int8_t *x, int32_t group, int8_t *y) {
    const struct edgekd_scaling_mve *s = &p->scaling;
    const int32_t padded = (p->group_outputs + 3) & ~3;
    const int32_t *bias = p->bias + group * padded;
    const int8_t *w = p->weights + group * padded * p->steps * 16;
    int32_t at = group * padded * s->per_channel;
    y += group * p->group_outputs;
    for (int32_t left = p->group_outputs; left > 0; left -= 4) {
        int32_t sum0 = bias[0];
        int32_t sum1 = bias[1];
        int32_t sum2 = bias[2];
        int32_t sum3 = bias[3];
        const int8_t *from = x;
        int32_t steps = p->steps;
        __asm__("dls lr, %[steps]\n"
                "1:\n\t"
                "vldrb.8 q0, [%[x]], #16\n\t"
                "vldrb.8 q1, [%[w]], #16\n\t"
                "vmladava.s8 %[sum0], q0, q1\n\t"
                "vldrb.8 q2, [%[w]], #16\n\t"
                "vmladava.s8 %[sum1], q0, q2\n\t"
                "vldrb.8 q1, [%[w]], #16\n\t"
                "vmladava.s8 %[sum2], q0, q1\n\t"
                "vldrb.8 q2, [%[w]], #16\n\t"
                "vmladava.s8 %[sum3], q0, q2\n\t"
                "le lr, 1b"
                : [sum0] "+Te"(sum0), [sum1] "+Te"(sum1), [sum2] "+Te"(sum2), [sum3] "+Te"(sum3), [x] "+r"(from),
                  [w] "+r"(w)
                : [steps] "r"(steps)
                : "lr", "q0", "q1", "q2", "memory");
        const mve_pred16_t stored = vctp32q((uint32_t)left);
        store(s, vector(sum0, sum1, sum2, sum3), vld1q_s32(s->multiplier + at), vldrbq_s32(s->shift + at), stored, y);
        bias += 4;
        at += 4 * s->per_channel;
        y += 4;
    }
}

void edgekd_dense_two_rows_s8_mve(const struct edgekd_dense_s8_mve *p, const int8_t *x, int32_t group, int8_t *y,
                                  int32_t apart) {
    const struct edgekd_scaling_mve s = p->scaling;
    const int32x4_t lowest = vdupq_n_s32(s.lowest);
    const int32x4_t highest = vdupq_n_s32(s.highest);
    const int32_t padded = (p->group_outputs + 3) & ~3;
    const int32_t steps = p->steps;
    const int32_t *bias = p->bias + group * padded;
    const int8_t *w = p->weights + group * padded * steps * 16;
    int32_t at = group * padded * s.per_channel;
    y += group * p->group_outputs;
    for (int32_t left = p->group_outputs; left > 0; left -= 4) {
        int32_t a0 = bias[0];
        int32_t a1 = bias[1];
        int32_t a2 = bias[2];
        int32_t a3 = bias[3];
        int32_t b0 = a0;
        int32_t b1 = a1;
        int32_t b2 = a2;
        int32_t b3 = a3;
        int32_t step = steps;
        const int8_t *xa = x;
        const int8_t *xb = x + steps * 16;
        __asm__("1:\n\t"
                "vldrb.8 q0, [%[xa]], #16\n\t"
                "vldrb.8 q2, [%[w]], #16\n\t"
                "vmladava.s8 %[a0], q0, q2\n\t"
                "vldrb.8 q1, [%[xb]], #16\n\t"
                "vmladava.s8 %[b0], q1, q2\n\t"
                "vldrb.8 q3, [%[w]], #16\n\t"
                "vmladava.s8 %[a1], q0, q3\n\t"
                "vldrb.8 q2, [%[w]], #16\n\t"
                "vmladava.s8 %[b1], q1, q3\n\t"
                "vldrb.8 q3, [%[w]], #16\n\t"
                "vmladava.s8 %[a2], q0, q2\n\t"
                "vmladava.s8 %[b2], q1, q2\n\t"
                "subs %[step], %[step], #1\n\t"
                "vmladava.s8 %[a3], q0, q3\n\t"
                "vmladava.s8 %[b3], q1, q3\n\t"
                "bne 1b"
                : [a0] "+Te"(a0), [a1] "+Te"(a1), [a2] "+Te"(a2), [a3] "+Te"(a3), [b0] "+Te"(b0), [b1] "+Te"(b1),
                  [b2] "+Te"(b2), [b3] "+Te"(b3), [xa] "+r"(xa), [xb] "+r"(xb), [w] "+r"(w), [step] "+r"(step)
                :
                : "q0", "q1", "q2", "q3", "cc", "memory");
        const int32x4_t multiplier = vld1q_s32(s.multiplier + at);
        const int32x4_t shift = vldrbq_s32(s.shift + at);
        int32x4_t xa4 = edgekd_requantize_mve(vector(a0, a1, a2, a3), multiplier, shift, s.away);
        int32x4_t xb4 = edgekd_requantize_mve(vector(b0, b1, b2, b3), multiplier, shift, s.away);
        xa4 = vminq_s32(vmaxq_s32(vaddq_n_s32(xa4, s.zero_point), lowest), highest);
        xb4 = vminq_s32(vmaxq_s32(vaddq_n_s32(xb4, s.zero_point), lowest), highest);
        __asm__ volatile("vctp.32 %[left]\n\t"
                         "vpstt\n\t"
                         "vstrbt.32 %q[a], [%[ya]]\n\t"
                         "vstrbt.32 %q[b], [%[yb]]"
                         :
                         : [left] "r"(left), [a] "w"(xa4), [b] "w"(xb4), [ya] "r"(y), [yb] "r"(y + apart)
                         : "memory");
        bias += 4;
        at += 4 * s.per_channel;
        y += 4;
    }
}
