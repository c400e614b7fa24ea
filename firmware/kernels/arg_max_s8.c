#include "arg_max_s8.h"

/* sign: 1 for the largest, -1 for the smallest. */
static void arg_extreme(const EDGEKD_FLASH struct edgekd_arg_max_s8 *p, const int8_t *input, int32_t *output,
                        int32_t sign) {
    for (int32_t outer = 0; outer < p->outer; ++outer) {
        for (int32_t inner = 0; inner < p->inner; ++inner) {
            const int8_t *x = input + inner;
            int32_t best = 0;
            for (int32_t i = 1; i < p->extent; ++i) {
                best = sign * x[i * p->inner] > sign * x[best * p->inner] ? i : best;
            }
            *output++ = best;
        }
        input += p->extent * p->inner;
    }
}

void edgekd_arg_max_s8(const EDGEKD_FLASH struct edgekd_arg_max_s8 *p, const int8_t *input, int32_t *output) {
    arg_extreme(p, input, output, 1);
}

void edgekd_arg_min_s8(const EDGEKD_FLASH struct edgekd_arg_max_s8 *p, const int8_t *input, int32_t *output) {
    arg_extreme(p, input, output, -1);
}
