/* 16 channels a pass. */
#include <arm_mve.h>

#include "pool_2d_s8_mve.h"

/* One output for each channel of one window. */
static void pool(const struct edgekd_pool_2d_s8 *p, const int8_t *input, struct edgekd_pool_part part, int8_t *y) {
    const struct edgekd_window *w = &p->window;
    const int32_t channels = w->input_channels;
    for (int32_t channel = 0; channel < channels; channel += 16) {
        const mve_pred16_t valid = vctp8q((uint32_t)(channels - channel));
        int8x16_t highest = vdupq_n_s8((int8_t)p->lowest);
        for (int32_t i = 0; i < part.rows; ++i) {
            const int8_t *x = edgekd_input_row(w, input, part.top + i) + part.left * channels + channel;
            for (int32_t j = part.columns; j > 0; --j) {
                highest = vmaxq_s8(highest, vldrbq_z_s8(x, valid));
                x += channels;
            }
        }
        vstrbq_p_s8(y + channel, vminq_s8(highest, vdupq_n_s8((int8_t)p->highest)), valid);
    }
}

void edgekd_max_pool_2d_s8_mve(const struct edgekd_pool_2d_s8 *p, const int8_t *input, int8_t *output, int32_t first,
                               int32_t last) {
    edgekd_pool_rows(p, input, output, first, last, pool);
}
