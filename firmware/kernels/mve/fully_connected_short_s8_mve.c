/* A row that one vector holds, filled up with zeros by the load. The sums are written out as in dense_s8_mve.c. */
#include "fully_connected_s8_mve.h"

/* Of four outputs. w: moved on behind their weights. */
static inline int32x4_t sums_of_row(const int8_t **w, int32_t depth, const int32_t *bias, int8x16_t x) {
    int32x4_t sums;
    __asm__ volatile("ldm %[bias], {r0, r2, r4, r6}\n\t"
                     "vldrb.8 q1, [%[w]]\n\t"
                     "add %[w], %[depth]\n\t"
                     "vmladava.s8 r0, %q[x], q1\n\t"
                     "vldrb.8 q2, [%[w]]\n\t"
                     "add %[w], %[depth]\n\t"
                     "vmladava.s8 r2, %q[x], q2\n\t"
                     "vldrb.8 q1, [%[w]]\n\t"
                     "add %[w], %[depth]\n\t"
                     "vmladava.s8 r4, %q[x], q1\n\t"
                     "vldrb.8 q2, [%[w]]\n\t"
                     "add %[w], %[depth]\n\t"
                     "vmladava.s8 r6, %q[x], q2\n\t"
                     "vmov %q[sums][2], %q[sums][0], r0, r4\n\t"
                     "vmov %q[sums][3], %q[sums][1], r2, r6"
                     : [sums] "=&w"(sums), [w] "+r"(*w)
                     : [bias] "r"(bias), [depth] "r"(depth), [x] "w"(x)
                     : "r0", "r2", "r4", "r6", "q1", "q2", "memory");
    return sums;
}

void edgekd_fully_connected_short_s8_mve(const struct edgekd_fully_connected_s8_mve *p, const int8_t *input,
                                         int8_t *output) {
    const struct edgekd_scaling_mve s = p->dense.scaling;
    const int32x4_t lowest = vdupq_n_s32(s.lowest);
    const int32x4_t highest = vdupq_n_s32(s.highest);
    const int32_t depth = p->depth;
    const int8x16_t x = vldrbq_z_s8(input, vctp8q((uint32_t)depth));
    const int8_t *w = p->dense.weights;
    const int32_t *bias = p->dense.bias;
    const int32_t *factors = s.factors;
    int32_t left = p->dense.outputs;
    do {
        const int32x4_t sums = sums_of_row(&w, depth, bias, x);
        vstrbq_p_s32(output, edgekd_results_mve(&s, sums, factors, lowest, highest), vctp32q((uint32_t)left));
        bias += 4;
        factors += s.step;
        output += 4;
        left -= 4;
    } while (left > 0);
}
