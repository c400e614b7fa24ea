/* Four elements a pass. */
#include "mul_s8_mve.h"

#include "requantize_mve.h"

void edgekd_mul_s8_mve(const struct edgekd_mul_s8 *parameters, const int8_t *a, const int8_t *b, int8_t *output,
                       int32_t count) {
    const struct edgekd_mul_s8 p = *parameters;
    const int32_t away = p.shift < 0;
    const int32x4_t lowest = vdupq_n_s32(p.lowest);
    const int32x4_t highest = vdupq_n_s32(p.highest);
    for (; count > 0; count -= 4) {
        const mve_pred16_t valid = vctp32q((uint32_t)count);
        const int32x4_t wide_a = vsubq_n_s32(vldrbq_z_s32(a, valid), p.zero_point_a);
        const int32x4_t wide_b = vsubq_n_s32(vldrbq_z_s32(b, valid), p.zero_point_b);
        int32x4_t x = vqrdmulhq_n_s32(vmulq_s32(wide_a, wide_b), p.multiplier);
        x = vrshlq_n_s32(vqdmlahq_n_s32(x, x, away), p.shift);
        x = vminq_s32(vmaxq_s32(vaddq_n_s32(x, p.zero_point), lowest), highest);
        vstrbq_p_s32(output, x, valid);
        a += 4;
        b += 4;
        output += 4;
    }
}
