/* Sums of eight channels a pass, of no more than 255 elements, so that 16 bits hold them. There is no vector division:
 * each is divided by itself.
 */
#include <arm_mve.h>

#include "pool_2d_s8_mve.h"
#include "requantize.h"

#define LANES 8

static int16x8_t sums(const struct edgekd_window *w, const int8_t *input, struct edgekd_pool_part part,
                      int32_t channel) {
    const int32_t channels = w->input_channels;
    const mve_pred16_t valid = vctp16q((uint32_t)(channels - channel));
    int16x8_t sum = vdupq_n_s16(0);
    for (int32_t i = 0; i < part.rows; ++i) {
        const int8_t *x = edgekd_input_row(w, input, part.top + i) + part.left * channels + channel;
        for (int32_t j = part.columns; j > 0; --j) {
            sum = vaddq_s16(sum, vldrbq_z_s16(x, valid));
            x += channels;
        }
    }
    return sum;
}

/* One output for each channel of one window. */
static void pool(const struct edgekd_pool_2d_s8 *p, const int8_t *input, struct edgekd_pool_part part, int8_t *y) {
    const int32_t channels = p->window.input_channels;
    const int32_t count = part.rows * part.columns;
    int16_t lanes[LANES];
    for (int32_t channel = 0; channel < channels; ++channel) {
        if (channel % LANES == 0) {
            vst1q_s16(lanes, sums(&p->window, input, part, channel));
        }
        const int32_t sum = lanes[channel % LANES];
        const int32_t mean = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
        y[channel] = edgekd_clamp_s8(mean, p->lowest, p->highest);
    }
}

void edgekd_average_pool_2d_s8_mve(const struct edgekd_pool_2d_s8 *p, const int8_t *input, int8_t *output,
                                   int32_t first, int32_t last) {
    edgekd_pool_rows(p, input, output, first, last, pool);
}
