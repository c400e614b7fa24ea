/* Four elements a pass; one multiplier serves them all, so it stays in a core register. */
#include "add_s8_mve.h"

#include "requantize_mve.h"

static inline int32x4_t scale(int32x4_t x, int32_t multiplier, int32_t shift, int32_t away) {
    x = vqrdmulhq_n_s32(x, multiplier);
    return vrshlq_n_s32(vqdmlahq_n_s32(x, x, away), shift);
}

void edgekd_add_s8_mve(const struct edgekd_add_s8 *parameters, const int8_t *a, const int8_t *b, int8_t *output,
                       int32_t count) {
    const struct edgekd_add_s8 p = *parameters;
    const int32_t away_a = p.shift_a < 0;
    const int32_t away_b = p.shift_b < 0;
    const int32_t away = p.shift < 0;
    const int32x4_t lowest = vdupq_n_s32(p.lowest);
    const int32x4_t highest = vdupq_n_s32(p.highest);
    for (; count > 0; count -= 4) {
        const mve_pred16_t valid = vctp32q((uint32_t)count);
        int32x4_t sum = vshlq_n_s32(vsubq_n_s32(vldrbq_z_s32(a, valid), p.zero_point_a), 20);
        int32x4_t other = vshlq_n_s32(vsubq_n_s32(vldrbq_z_s32(b, valid), p.zero_point_b), 20);
        sum = scale(sum, p.multiplier_a, p.shift_a, away_a);
        other = scale(other, p.multiplier_b, p.shift_b, away_b);
        sum = scale(vmlaq_n_s32(sum, other, p.sign_b), p.multiplier, p.shift, away);
        sum = vminq_s32(vmaxq_s32(vaddq_n_s32(sum, p.zero_point), lowest), highest);
        vstrbq_p_s32(output, sum, valid);
        a += 4;
        b += 4;
        output += 4;
    }
}
