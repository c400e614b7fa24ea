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
 * Everything that four channels need follows one after another, then the next four; the last ones may be two. Inputs
 * are int16 in the order of words_dsp.h; a depth that is no multiple of 8 is filled up with weights of 0.
 *
 *      inputs of one row      (0,2) (1,3) (4,6) (5,7) ...
 *      of rows p and q        p(0,2) q(0,2) p(1,3) q(1,3) ...
 *      block of four          biases A AB C CD, weights ab(0,2) cd(0,2) ab(1,3) cd(1,3) ..., multipliers a b c d,
 * shifts block of two           biases A AB, weights ab(0,2) ab(1,3) ..., multipliers a b, shifts
 *
 * Biases AB are that of a + 256 times that of b. Shifts are the bytes of a word, see requantize_dsp.h.
 */
#ifndef EDGEKD_DENSE_S8_DSP_H
#define EDGEKD_DENSE_S8_DSP_H

#include <stdint.h>

struct edgekd_dense_s8_dsp {
    const int32_t *blocks;
    int32_t depth;          /* a multiple of 8 */
    int32_t odd_zero_point; /* of the output: twice that, plus 1 */
    int32_t lowest;         /* the fused activation, as limits of the output */
    int32_t highest;
};

enum { EDGEKD_BLOCK_TABLES_DSP = 9 }; /* words of a block of four beside its weights */

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

/* The same of two rows; the outputs of the second are `next` bytes behind those of the first. */
void edgekd_dense_2_s8_dsp(const struct edgekd_dense_s8_dsp *p, const int32_t *x, int8_t *y, int32_t next,
                           int32_t first, int32_t last);

#endif
