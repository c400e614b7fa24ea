/* Depthwise convolution, int8, channels last, MVE: 16 channels a pass.
 *
 *      x, w           c0 c1 c2 c3 ... c15                16 bytes of one tap
 *      VMULLB, VMULLT c0 c2 c4 ... c14, c1 c3 ... c15    products, 16 bits; two taps are added in 16 bits
 *      VMOVLB, VMOVLT c0 c4 c8 c12, c2 c6 c10 c14, ...   added to four vectors of 32-bit sums
 *
 * Narrowing the results the same way puts the channels back in order.
 *
 * Taps are found through a table of pointers: those in the padding point to a pixel of the input's zero point. Where
 * windows lie inside the image the table serves a whole row, with an offset.
 */
#include "depthwise_conv_2d_s8_mve.h"

#include "copy_mve.h"
#include "depthwise_block_mve.h"

/* One block: its sums, requantized and stored. taps: pointers to its first channel, less `offset`. count: of its bytes;
 * when below 16 no more are read and written. Returns the weights of the next block.
 *
 * The loop is written out because GCC 12 keeps a sum in memory and the predicate out of its register: 33 instructions
 * for these 24. A register short, the second tap's weights are loaded twice.
 */
static inline const int8_t *block(const struct edgekd_scaling_mve *s, const int8_t *w, const int32_t *bias,
                                  const int32_t *factors, const int8_t *const *taps, int32_t pairs, int32_t offset,
                                  int32_t count, int8_t *y) {
    int32x4_t sum0 = vld1q_s32(bias);
    int32x4_t sum1 = vld1q_s32(bias + 4);
    int32x4_t sum2 = vld1q_s32(bias + 8);
    int32x4_t sum3 = vld1q_s32(bias + 12);
    const int8_t *x0;
    const int8_t *x1;
    __asm__ volatile("vctp.8 %[count]\n\t"
                     "dls lr, %[pairs]\n"
                     "1:\n\t"
                     "ldrd %[x0], %[x1], [%[taps]], #8\n\t"
                     "add %[x0], %[offset]\n\t"
                     "add %[x1], %[offset]\n\t"
                     "vpstt\n\t"
                     "vldrbt.8 q0, [%[x0]]\n\t"
                     "vldrbt.8 q3, [%[x1]]\n\t"
                     "vldrb.8 q1, [%[w]], #16\n\t"
                     "vmullb.s8 q2, q0, q1\n\t"
                     "vmullt.s8 q0, q0, q1\n\t"
                     "vldrb.8 q1, [%[w]]\n\t"
                     "vmullb.s8 q1, q3, q1\n\t"
                     "vadd.i16 q2, q2, q1\n\t"
                     "vldrb.8 q1, [%[w]], #16\n\t"
                     "vmullt.s8 q3, q3, q1\n\t"
                     "vadd.i16 q0, q0, q3\n\t"
                     "vmovlb.s16 q1, q2\n\t"
                     "vadd.i32 %q[sum0], %q[sum0], q1\n\t"
                     "vmovlt.s16 q2, q2\n\t"
                     "vadd.i32 %q[sum1], %q[sum1], q2\n\t"
                     "vmovlb.s16 q1, q0\n\t"
                     "vadd.i32 %q[sum2], %q[sum2], q1\n\t"
                     "vmovlt.s16 q0, q0\n\t"
                     "vadd.i32 %q[sum3], %q[sum3], q0\n\t"
                     "le lr, 1b"
                     : [sum0] "+w"(sum0), [sum1] "+w"(sum1), [sum2] "+w"(sum2), [sum3] "+w"(sum3), [w] "+r"(w),
                       [taps] "+r"(taps), [x0] "=&r"(x0), [x1] "=&r"(x1)
                     : [pairs] "r"(pairs), [offset] "r"(offset), [count] "r"(count)
                     : "lr", "q0", "q1", "q2", "q3", "memory");
    edgekd_finish_block_mve(s, factors, sum0, sum1, sum2, sum3, count, y);
    return w;
}

/* The taps of the window at output (y, x). padding: a pixel of it. */
static void find_taps(const struct edgekd_window *w, const int8_t *image, int32_t y, int32_t x, const int8_t *padding,
                      const int8_t **taps) {
    int32_t at_y = y * w->stride_y - w->pad_top;
    for (int32_t i = 0; i < w->height; ++i) {
        const int row_inside = at_y >= 0 && at_y < w->input_height;
        const int8_t *row = row_inside ? edgekd_input_row(w, image, at_y) : padding;
        int32_t at_x = x * w->stride_x - w->pad_left;
        for (int32_t j = 0; j < w->width; ++j) {
            const int inside = row_inside && at_x >= 0 && at_x < w->input_width;
            *taps++ = inside ? row + at_x * w->input_channels : padding;
            at_x += w->dilation_x;
        }
        at_y += w->dilation_y;
    }
}

void edgekd_depthwise_conv_2d_s8_mve(const struct edgekd_depthwise_conv_2d_s8_mve *p, const int8_t *input,
                                     int8_t *output, void *scratch, int32_t first, int32_t last) {
    const struct edgekd_window *w = &p->window;
    const int32_t channels = w->input_channels;
    const struct edgekd_scaling_mve scaling = p->scaling;
    const int32_t pairs = p->pairs;
    const int8_t **taps = scratch;
    int8_t *padding = (int8_t *)(taps + 2 * pairs);
    const struct edgekd_taps columns = edgekd_outputs_inside(
        w->pad_left, w->stride_x, (w->width - 1) * w->dilation_x + 1, w->input_width, w->output_width);
    const struct edgekd_taps rows = edgekd_outputs_inside(w->pad_top, w->stride_y, (w->height - 1) * w->dilation_y + 1,
                                                          w->input_height, w->output_height);
    edgekd_fill_mve(padding, p->input_zero_point, (channels + 15) & ~15);
    taps[2 * pairs - 1] = padding; /* when the number of taps is odd */
    for (int32_t y = first; y < last; ++y) {
        const int moves = y >= rows.first && y < rows.last;
        int8_t *to = edgekd_output_row(w, output, y, channels);
        int32_t offset = 0;
        int32_t pixels = 1;
        for (int32_t x = 0; x < w->output_width; x += pixels) {
            const int within = x >= columns.first && x < columns.last;
            offset += pixels * w->stride_x * channels;
            if (!within || !moves || x == columns.first) {
                find_taps(w, input, y, x, padding, taps);
                offset = 0;
            }
            pixels = !within ? 1 : columns.last - x < p->pixels ? columns.last - x : p->pixels;
            const int32_t count = pixels * channels;
            const int8_t *weights = p->weights;
            const int32_t *bias = p->bias;
            const int32_t *factors = scaling.factors;
            for (int32_t left = count; left > 0; left -= 16) {
                weights = block(&scaling, weights, bias, factors, taps, pairs, offset + count - left, left,
                                to + count - left);
                bias += 16;
                factors += scaling.step;
            }
            to += count;
        }
    }
}
