/* Four elements a pass. */
#include "mul_s8_mve.h"

#include <arm_mve.h>

/* Results of four elements of each operand. */
static inline int32x4_t multiply(const struct edgekd_mul_s8 *p, int32x4_t a, int32x4_t b) {
    int32x4_t x = vmulq_s32(vsubq_n_s32(a, p->zero_point_a), vsubq_n_s32(b, p->zero_point_b));
    x = vqrdmulhq_n_s32(x, p->multiplier);
    x = vrshlq_n_s32(vqdmlahq_n_s32(x, x, p->shift < 0), p->shift);
    x = vaddq_n_s32(x, p->zero_point);
    return vminq_s32(vmaxq_s32(x, vdupq_n_s32(p->lowest)), vdupq_n_s32(p->highest));
}

void edgekd_mul_s8_mve(const struct edgekd_mul_s8 *parameters, const int8_t *a, const int8_t *b, int8_t *output,
                       int32_t count) {
    const struct edgekd_mul_s8 p = *parameters;
    for (uint32_t fours = (uint32_t)count / 4; fours > 0; --fours) {
        vstrbq_s32(output, multiply(&p, vldrbq_s32(a), vldrbq_s32(b)));
        a += 4;
        b += 4;
        output += 4;
    }
    const mve_pred16_t left = vctp32q((uint32_t)count % 4);
    vstrbq_p_s32(output, multiply(&p, vldrbq_z_s32(a, left), vldrbq_z_s32(b, left)), left);
}

void edgekd_mul_rows_s8_mve(const struct edgekd_mul_rows_s8_mve *p, const int8_t *a, const int8_t *b, int8_t *output) {
    for (int32_t row = 0; row < p->rows; ++row) {
        edgekd_mul_s8_mve(&p->mul, a, b, output, p->count);
        a += p->count;
        output += p->count;
    }
}
