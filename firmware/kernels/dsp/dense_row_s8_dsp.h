/* FULLY_CONNECTED of one row whose outputs share a scale, int8, with SMLAD: no scratch, no table. */
#ifndef EDGEKD_DENSE_ROW_S8_DSP_H
#define EDGEKD_DENSE_ROW_S8_DSP_H

#include <stdint.h>

/* blocks: for eight outputs after the other the biases A AB C CD ... and the weights ab(0,2) cd(0,2) ef(0,2) gh(0,2)
 * ab(1,3) ..., as in dense_s8_dsp.h.
 * multiplier, shift: of all outputs, see requantize_dsp.h.
 */
struct edgekd_dense_row_s8_dsp {
    const int32_t *blocks;
    int32_t multiplier;
    int16_t depth;   /* a multiple of 8 */
    int16_t outputs; /* a multiple of 8 */
    int8_t shift;
    int8_t zero_point; /* of the output */
    int8_t lowest;     /* the fused activation, as limits of the output */
    int8_t highest;
};

/* input: [depth]. output: [outputs]. */
void edgekd_dense_row_s8_dsp(const struct edgekd_dense_row_s8_dsp *p, const int8_t *input, int8_t *output);

#endif
