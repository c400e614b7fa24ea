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

/* Channels from, to from + count - 1: 16 or fewer of the block at `from`. taps: pointers to their first channel, less
 * `offset`.
 */
static inline void block(const struct edgekd_depthwise_conv_2d_s8_mve *p, const int8_t *const *taps, int32_t offset,
                         int32_t from, int32_t count, int8_t *y) {
    const struct edgekd_scaling_mve *s = &p->scaling;
    const mve_pred16_t valid = vctp8q((uint32_t)count);
    const int8_t *w = p->weights + from * p->pairs * 2;
    int32x4_t sum0 = vld1q_s32(p->bias + from);
    int32x4_t sum1 = vld1q_s32(p->bias + from + 4);
    int32x4_t sum2 = vld1q_s32(p->bias + from + 8);
    int32x4_t sum3 = vld1q_s32(p->bias + from + 12);
    for (int32_t pair = p->pairs; pair > 0; --pair) {
        int8x16_t x = vldrbq_z_s8(taps[0] + offset, valid);
        int8x16_t k = vld1q_s8(w);
        int16x8_t even = vmullbq_int_s8(x, k);
        int16x8_t odd = vmulltq_int_s8(x, k);
        x = vldrbq_z_s8(taps[1] + offset, valid);
        k = vld1q_s8(w + 16);
        even = vaddq_s16(even, vmullbq_int_s8(x, k));
        odd = vaddq_s16(odd, vmulltq_int_s8(x, k));
        sum0 = vaddq_s32(sum0, vmovlbq_s16(even));
        sum1 = vaddq_s32(sum1, vmovltq_s16(even));
        sum2 = vaddq_s32(sum2, vmovlbq_s16(odd));
        sum3 = vaddq_s32(sum3, vmovltq_s16(odd));
        taps += 2;
        w += 32;
    }
    const int32_t *m = s->multiplier + from;
    const int8_t *shift = s->shift + from;
    const int32_t away = s->away;
    sum0 = edgekd_requantize_mve(sum0, vld1q_s32(m), vldrbq_s32(shift), away);
    sum1 = edgekd_requantize_mve(sum1, vld1q_s32(m + 4), vldrbq_s32(shift + 4), away);
    sum2 = edgekd_requantize_mve(sum2, vld1q_s32(m + 8), vldrbq_s32(shift + 8), away);
    sum3 = edgekd_requantize_mve(sum3, vld1q_s32(m + 12), vldrbq_s32(shift + 12), away);
    int16x8_t even = vqmovntq_s32(vqmovnbq_s32(vreinterpretq_s16_s32(sum0), sum0), sum1);
    int16x8_t odd = vqmovntq_s32(vqmovnbq_s32(vreinterpretq_s16_s32(sum2), sum2), sum3);
    even = vqaddq_n_s16(even, (int16_t)s->zero_point);
    odd = vqaddq_n_s16(odd, (int16_t)s->zero_point);
    int8x16_t result = vqmovntq_s16(vqmovnbq_s16(vreinterpretq_s8_s16(even), even), odd);
    result = vmaxq_s8(result, vdupq_n_s8((int8_t)s->lowest));
    vstrbq_p_s8(y, vminq_s8(result, vdupq_n_s8((int8_t)s->highest)), valid);
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

/* The output columns (rows) whose windows lie inside: first to last - 1. */
static struct edgekd_taps inside(int32_t padding, int32_t stride, int32_t reach, int32_t extent, int32_t outputs) {
    const int32_t room = extent + padding - reach;
    const int32_t last = room < 0 ? 0 : room / stride + 1;
    return (struct edgekd_taps){(padding + stride - 1) / stride, last < outputs ? last : outputs};
}

void edgekd_depthwise_conv_2d_s8_mve(const struct edgekd_depthwise_conv_2d_s8_mve *p, const int8_t *input,
                                     int8_t *output, void *scratch, int32_t first, int32_t last) {
    const struct edgekd_window *w = &p->window;
    const int32_t channels = w->input_channels;
    const int8_t **taps = scratch;
    int8_t *padding = (int8_t *)(taps + 2 * p->pairs);
    const struct edgekd_taps columns =
        inside(w->pad_left, w->stride_x, (w->width - 1) * w->dilation_x + 1, w->input_width, w->output_width);
    const struct edgekd_taps rows =
        inside(w->pad_top, w->stride_y, (w->height - 1) * w->dilation_y + 1, w->input_height, w->output_height);
    edgekd_fill_mve(padding, p->input_zero_point, (channels + 15) & ~15);
    taps[2 * p->pairs - 1] = padding; /* when the number of taps is odd */
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
            for (int32_t from = 0; from < count; from += 16) {
                block(p, taps, offset + from, from, count - from, to + from);
            }
            to += count;
        }
    }
}
