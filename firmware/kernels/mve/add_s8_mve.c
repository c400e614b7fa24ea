/* Four elements a pass; multipliers and shifts serve them all, from core registers. */
#include "add_s8_mve.h"

#include <arm_mve.h>

/* Results of four elements of each operand. */
static inline int32x4_t add(const struct edgekd_add_s8_mve *p, int32x4_t a, int32x4_t b) {
    a = vmlasq_n_s32(a, vdupq_n_s32(p->factor_a), p->offset_a);
    b = vmlasq_n_s32(b, vdupq_n_s32(1 << 20), p->offset_b);
    b = vqrdmulhq_n_s32(b, p->multiplier_b);
    b = vrshlq_n_s32(vqdmlahq_n_s32(b, b, p->away_b), p->shift_b);
    a = vqrdmulhq_n_s32(vmlaq_n_s32(a, b, p->sign_b), p->multiplier);
    a = vrshlq_n_s32(vqdmlahq_n_s32(a, a, p->away), p->shift);
    a = vaddq_n_s32(a, p->zero_point);
    return vminq_s32(vmaxq_s32(a, vdupq_n_s32(p->lowest)), vdupq_n_s32(p->highest));
}

void edgekd_add_s8_mve(const struct edgekd_add_s8_mve *parameters, const int8_t *a, const int8_t *b, int8_t *output,
                       int32_t count) {
    const struct edgekd_add_s8_mve p = *parameters;
    for (uint32_t fours = (uint32_t)count / 4; fours > 0; --fours) {
        vstrbq_s32(output, add(&p, vldrbq_s32(a), vldrbq_s32(b)));
        a += 4;
        b += 4;
        output += 4;
    }
    const mve_pred16_t left = vctp32q((uint32_t)count % 4);
    vstrbq_p_s32(output, add(&p, vldrbq_z_s32(a, left), vldrbq_z_s32(b, left)), left);
}
