/* Convolution, int8: each window is gathered into one contiguous row, then treated as a row of a dense layer.
 *
 * The copy costs one byte a weight of a single output channel; all channels share it. Padding is written as the input's
 * zero point, which the folded bias takes for a zero.
 */
#include "conv_2d_s8.h"

void edgekd_conv_2d_s8(const EDGEKD_FLASH struct edgekd_conv_2d_s8 *p, const int8_t *input, int8_t *output,
                       void *scratch, int32_t first, int32_t last) {
    const EDGEKD_FLASH struct edgekd_window *w = &p->window;
    const int32_t group_inputs = w->input_channels / p->groups;
    const int32_t group_outputs = p->outputs / p->groups;
    for (int32_t y = first; y < last; ++y) {
        int8_t *pixel = edgekd_output_row(w, output, y, p->outputs);
        for (int32_t x = 0; x < w->output_width; ++x) {
            for (int32_t group = 0; group < p->groups; ++group) {
                const int32_t channel = group * group_outputs;
                edgekd_gather_s8(w, input, y, x, group * group_inputs, group_inputs, p->input_zero_point, scratch);
                edgekd_dense_s8(&p->dense, scratch, pixel, channel, channel + group_outputs);
            }
            pixel += p->outputs;
        }
    }
}
