/* Weighted sums of one or two rows of inputs, int8, with SMLAD: the heart of FULLY_CONNECTED and CONV_2D.
 *
 * Two output channels a and b share a word of weights. Its halfwords are 256 b + a, for two inputs k and k + 2:
 *
 *      byte   0      1              2        3
 *             a[k]   b[k] + carry   a[k+2]   b[k+2] + carry        carry: -1 where a is negative
 *
 * As it is, SMLAD makes AB = sum (256 b + a) x of it; SXTB16 takes a out, which makes A. Then B = (AB - A) / 256, exact
 * while B has 24 bits: four multiplications cost two SMLAD and one SXTB16.
 *
 * Weights come in blocks of four channels a b c d, then of two, all inputs of a block after one another. Inputs are
 * int16 in the order of words_dsp.h; a depth that is no multiple of 4 is filled up with weights of 0.
 *
 *      inputs of one row      (0,2) (1,3) (4,6) (5,7) ...
 *      of rows p and q        p(0,2) q(0,2) p(1,3) q(1,3) ...
 *      weights of four        ab(0,2) cd(0,2) ab(1,3) cd(1,3) ...
 *      weights of two         ab(0,2) ab(1,3) ...
 */
#ifndef EDGEKD_DENSE_S8_DSP_H
#define EDGEKD_DENSE_S8_DSP_H

#include <stdint.h>

/* bias: of each pair of channels that of a, then that of a + 256 times that of b; padded to pairs.
 * scaling: of four channels their multipliers, then their shifts (requantize_dsp.h) as the bytes of a word.
 */
struct edgekd_dense_s8_dsp {
    const int32_t *weights;
    const int32_t *bias;
    const int32_t *scaling;
    int32_t scaling_stride; /* words from four channels to the next: 5, or 0 when all channels share one scaling */
    int32_t depth;          /* a multiple of 4 */
    int32_t odd_zero_point; /* of the output: twice that, plus 1 */
    int32_t lowest;         /* the fused activation, as limits of the output */
    int32_t highest;
};

/* Twice the sum of channel a, and of channel b. */
static inline int32_t edgekd_twice_a_dsp(int32_t a) {
    return (int32_t)((uint32_t)a << 1);
}

static inline int32_t edgekd_twice_b_dsp(int32_t a, int32_t ab) {
    return (int32_t)((uint32_t)ab - (uint32_t)a) >> 7;
}

/* Outputs first to last - 1 of a row x: to y[first] and so on. first: a multiple of 4. */
void edgekd_dense_1_s8_dsp(const struct edgekd_dense_s8_dsp *p, const int32_t *x, int8_t *y, int32_t first,
                           int32_t last);

/* The same of two rows. */
void edgekd_dense_2_s8_dsp(const struct edgekd_dense_s8_dsp *p, const int32_t *x, int8_t *y0, int8_t *y1, int32_t first,
                           int32_t last);

#endif
