/* Each two rows are widened once for all outputs. */
#include "fully_connected_s8_dsp.h"

#include "clamp_dsp.h"
#include "widen_dsp.h"

void edgekd_fully_connected_s8_dsp(const struct edgekd_fully_connected_s8_dsp *p, const int8_t *input, int8_t *output,
                                   void *scratch, int32_t rows) {
    const struct edgekd_dense_s8_dsp *dense = &p->dense;
    const int32_t inputs = p->inputs;
    const int32_t outputs = p->outputs;
    for (; rows >= 2; rows -= 2) {
        edgekd_widen_2_dsp(input, input + inputs, inputs, scratch);
        edgekd_dense_2_s8_dsp(dense, scratch, output, outputs, 0, outputs);
        edgekd_clamp_dsp(output, 2 * outputs, dense->lowest, dense->highest);
        input += 2 * inputs;
        output += 2 * outputs;
    }
    if (rows > 0) {
        edgekd_widen_1_dsp(input, inputs, scratch);
        edgekd_dense_1_s8_dsp(dense, scratch, output, 0, outputs);
        edgekd_clamp_dsp(output, outputs, dense->lowest, dense->highest);
    }
}
