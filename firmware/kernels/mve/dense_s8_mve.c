/* Weighted sums of one or two rows, int8, MVE: four outputs a pass, 16 products an instruction (VMLADAVA).
 *
 *      weights, 64 bytes a step:  output 0: w[k] .. w[k + 15]    output 1    output 2    output 3
 *      sum of output i of row r  +=  w_i[k] * x_r[k] + ... + w_i[k + 15] * x_r[k + 15]
 *
 * VMLADAVA adds to an even core register, and two rows by four outputs take all of them, r0 to r14. GCC 12 moves sums
 * in and out of such registers inside the loop, 27 instructions for the 16 below: so these loops are written out.
 */
#include "dense_s8_mve.h"

/* Four sums for one row. w: moved on behind the weights that were read. */
static inline int32x4_t sums_of_row(const int8_t **w, const int32_t *bias, const int8_t *x, int32_t steps) {
    int32x4_t sums;
    __asm__ volatile("ldm %[bias], {r0, r2, r4, r6}\n\t"
                     "dls lr, %[steps]\n"
                     "1:\n\t"
                     "vldrb.8 q0, [%[x]], #16\n\t"
                     "vldrb.8 q1, [%[w]], #16\n\t"
                     "vmladava.s8 r0, q0, q1\n\t"
                     "vldrb.8 q2, [%[w]], #16\n\t"
                     "vmladava.s8 r2, q0, q2\n\t"
                     "vldrb.8 q1, [%[w]], #16\n\t"
                     "vmladava.s8 r4, q0, q1\n\t"
                     "vldrb.8 q2, [%[w]], #16\n\t"
                     "vmladava.s8 r6, q0, q2\n\t"
                     "le lr, 1b\n\t"
                     "vmov %q[sums][2], %q[sums][0], r0, r4\n\t"
                     "vmov %q[sums][3], %q[sums][1], r2, r6"
                     : [sums] "=&w"(sums), [w] "+r"(*w), [x] "+r"(x)
                     : [bias] "r"(bias), [steps] "r"(steps)
                     : "r0", "r2", "r4", "r6", "lr", "q0", "q1", "q2", "memory");
    return sums;
}

/* The same for two rows: the second one's sums go to `second`. */
static inline int32x4_t sums_of_two_rows(const int8_t **w, const int32_t *bias, const int8_t *x, int32_t steps,
                                         int32x4_t *second) {
    int32x4_t first;
    const int8_t *x1;
    __asm__ volatile(
        "ldm %[bias], {r0, r2, r4, r6}\n\t"
        "ldm %[bias], {r8, r10, r12, lr}\n\t"
        "add %[x1], %[x], %[steps], lsl #4\n"
        "1:\n\t"
        "vldrb.8 q0, [%[x]], #16\n\t"
        "vldrb.8 q2, [%[w]], #16\n\t"
        "vmladava.s8 r0, q0, q2\n\t"
        "vldrb.8 q1, [%[x1]], #16\n\t"
        "vmladava.s8 r8, q1, q2\n\t"
        "vldrb.8 q3, [%[w]], #16\n\t"
        "vmladava.s8 r2, q0, q3\n\t"
        "vldrb.8 q2, [%[w]], #16\n\t"
        "vmladava.s8 r10, q1, q3\n\t"
        "vldrb.8 q3, [%[w]], #16\n\t"
        "vmladava.s8 r4, q0, q2\n\t"
        "vmladava.s8 r12, q1, q2\n\t"
        "subs %[steps], %[steps], #1\n\t"
        "vmladava.s8 r6, q0, q3\n\t"
        "vmladava.s8 lr, q1, q3\n\t"
        "bne 1b\n\t"
        "vmov %q[a][2], %q[a][0], r0, r4\n\t"
        "vmov %q[a][3], %q[a][1], r2, r6\n\t"
        "vmov %q[b][2], %q[b][0], r8, r12\n\t"
        "vmov %q[b][3], %q[b][1], r10, lr"
        : [a] "=&w"(first), [b] "=&w"(*second), [w] "+r"(*w), [x] "+r"(x), [x1] "=&r"(x1), [steps] "+r"(steps)
        : [bias] "r"(bias)
        : "r0", "r2", "r4", "r6", "r8", "r10", "r12", "lr", "q0", "q1", "q2", "q3", "cc", "memory");
    return first;
}

/* The first `left` of four results, for two rows. GCC 12 would take the predicate out of its register in between. */
static inline void store_two(int8_t *y0, int32x4_t x0, int8_t *y1, int32x4_t x1, int32_t left) {
    __asm__ volatile("vctp.32 %[left]\n\t"
                     "vpstt\n\t"
                     "vstrbt.32 %q[x0], [%[y0]]\n\t"
                     "vstrbt.32 %q[x1], [%[y1]]"
                     :
                     : [left] "r"(left), [x0] "w"(x0), [x1] "w"(x1), [y0] "r"(y0), [y1] "r"(y1)
                     : "memory");
}

void edgekd_dense_row_s8_mve(const struct edgekd_dense_s8_mve *p, const int8_t *x, int8_t *y) {
    const struct edgekd_scaling_mve s = p->scaling;
    const int32x4_t lowest = vdupq_n_s32(s.lowest);
    const int32x4_t highest = vdupq_n_s32(s.highest);
    const int32_t steps = p->steps;
    const int8_t *w = p->weights;
    const int32_t *bias = p->bias;
    const int32_t *factors = s.factors;
    int32_t left = p->outputs;
    do {
        const int32x4_t sums = sums_of_row(&w, bias, x, steps);
        vstrbq_p_s32(y, edgekd_results_mve(&s, sums, factors, lowest, highest), vctp32q((uint32_t)left));
        bias += 4;
        factors += s.step;
        y += 4;
        left -= 4;
    } while (left > 0);
}

void edgekd_dense_two_rows_s8_mve(const struct edgekd_dense_s8_mve *p, const int8_t *x, int8_t *y, int32_t apart) {
    const struct edgekd_scaling_mve s = p->scaling;
    const int32x4_t lowest = vdupq_n_s32(s.lowest);
    const int32x4_t highest = vdupq_n_s32(s.highest);
    const int32_t steps = p->steps;
    const int8_t *w = p->weights;
    const int32_t *bias = p->bias;
    const int32_t *factors = s.factors;
    int32_t left = p->outputs;
    do {
        int32x4_t second;
        const int32x4_t first = sums_of_two_rows(&w, bias, x, steps, &second);
        store_two(y, edgekd_results_mve(&s, first, factors, lowest, highest), y + apart,
                  edgekd_results_mve(&s, second, factors, lowest, highest), left);
        bias += 4;
        factors += s.step;
        y += 4;
        left -= 4;
    } while (left > 0);
}
