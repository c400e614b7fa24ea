/* Depthwise convolution with a small window, int8, MVE: 16 channels a pass, all products of a channel by one
 * instruction.
 *
 * VMLADAVA adds up the products of 16 bytes of one channel, while the image has its channels side by side. So a
 * window's columns are interleaved, four rows of 16 channels each, by the stores VST40 to VST43:
 *
 *      slot, 64 bytes:  channel 0: row 0, row 1, row 2, row 3   channel 1: row 0, row 1, ...   channel 15
 *
 * Three slots hold the columns of a window, a fourth zeros. VLDRW gathers one channel's words out of all four: 12 taps
 * and 4 zeros. One column serves 16 channels, and the next windows along the row.
 */
#include "depthwise_4x3_s8_mve.h"

#include "copy_mve.h"
#include "depthwise_block_mve.h"

#define COLUMNS 3
#define ROWS 4
#define SLOT (EDGEKD_BLOCK * ROWS)

/* Scratch. padding: what rows outside the image hold. */
struct work {
    int8_t slots[(COLUMNS + 1) * SLOT];
    int8_t padding[EDGEKD_BLOCK];
};

_Static_assert(sizeof(struct work) == EDGEKD_DEPTHWISE_4X3_SCRATCH_BYTES, "what the compiler reserves");

/* One row of the window: the block's channels of pixel x are at start + x * step. */
struct row {
    const int8_t *start;
    int32_t step;
};

/* Where the gathered words lie when the window's first column is in slot 0, 1 or 2. */
static const uint32_t word_offsets[COLUMNS][4] = {
    {0, SLOT, 2 * SLOT, 3 * SLOT}, {SLOT, 2 * SLOT, 0, 3 * SLOT}, {2 * SLOT, 0, SLOT, 3 * SLOT}};

/* Rows of the image from `top`. */
static void find_rows(const struct edgekd_window *w, const int8_t *image, int32_t top, const int8_t *padding,
                      struct row rows[ROWS]) {
    for (int32_t i = 0; i < ROWS; ++i) {
        if (top >= 0 && top < w->input_height) {
            rows[i] = (struct row){edgekd_input_row(w, image, top), w->input_channels};
        } else {
            rows[i] = (struct row){padding, 0};
        }
        top += w->dilation_y;
    }
}

/* From one block to the next. */
static void next_channels(struct row rows[ROWS]) {
    for (int32_t i = 0; i < ROWS; ++i) {
        if (rows[i].step > 0) {
            rows[i].start += EDGEKD_BLOCK;
        }
    }
}

static inline int32_t least(int32_t a, int32_t b) {
    return a < b ? a : b;
}

/* Column x of the image, `count` channels of it. GCC 12 takes the predicate out of its register in between. */
static inline void interleave(const struct row rows[ROWS], int32_t x, int32_t count, int8_t *slot) {
    __asm__ volatile("vctp.8 %[count]\n\t"
                     "vpstttt\n\t"
                     "vldrbt.8 q0, [%[row0]]\n\t"
                     "vldrbt.8 q1, [%[row1]]\n\t"
                     "vldrbt.8 q2, [%[row2]]\n\t"
                     "vldrbt.8 q3, [%[row3]]\n\t"
                     "vst40.8 {q0, q1, q2, q3}, [%[slot]]\n\t"
                     "vst41.8 {q0, q1, q2, q3}, [%[slot]]\n\t"
                     "vst42.8 {q0, q1, q2, q3}, [%[slot]]\n\t"
                     "vst43.8 {q0, q1, q2, q3}, [%[slot]]"
                     :
                     : [count] "r"(count), [row0] "r"(rows[0].start + x * rows[0].step),
                       [row1] "r"(rows[1].start + x * rows[1].step), [row2] "r"(rows[2].start + x * rows[2].step),
                       [row3] "r"(rows[3].start + x * rows[3].step), [slot] "r"(slot)
                     : "q0", "q1", "q2", "q3", "memory");
}

/* Sums of channels c, c + 4, c + 8 and c + 12. words: addresses of channel 0's in the slots. w, bias: moved on to the
 * next four. Written out because VMLADAVA takes even registers, between which GCC 12 moves sums to and fro.
 */
static inline __attribute__((always_inline)) int32x4_t four_sums(uint32x4_t words, const int c, const int8_t **w,
                                                                 const int32_t **bias) {
    int32x4_t sums;
    __asm__ volatile("ldm %[bias]!, {r0, r2, r4, r6}\n\t"
                     "vldrw.u32 q0, [%q[words], %[c0]]\n\t"
                     "vldrb.8 q1, [%[w]], #12\n\t"
                     "vmladava.s8 r0, q0, q1\n\t"
                     "vldrw.u32 q2, [%q[words], %[c4]]\n\t"
                     "vldrb.8 q1, [%[w]], #12\n\t"
                     "vmladava.s8 r2, q2, q1\n\t"
                     "vldrw.u32 q0, [%q[words], %[c8]]\n\t"
                     "vldrb.8 q1, [%[w]], #12\n\t"
                     "vmladava.s8 r4, q0, q1\n\t"
                     "vldrw.u32 q2, [%q[words], %[c12]]\n\t"
                     "vldrb.8 q1, [%[w]], #12\n\t"
                     "vmladava.s8 r6, q2, q1\n\t"
                     "vmov %q[sums][2], %q[sums][0], r0, r4\n\t"
                     "vmov %q[sums][3], %q[sums][1], r2, r6"
                     : [sums] "=&w"(sums), [w] "+r"(*w), [bias] "+r"(*bias)
                     : [words] "w"(words), [c0] "i"(ROWS * c), [c4] "i"(ROWS * (c + 4)), [c8] "i"(ROWS * (c + 8)),
                       [c12] "i"(ROWS * (c + 12))
                     : "r0", "r2", "r4", "r6", "q0", "q1", "q2", "memory");
    return sums;
}

/* One block of one output row, at `to`. count: bytes of it in a pixel. inside: the columns whose windows are. */
static void block_of_row(const struct edgekd_depthwise_4x3_s8_mve *p, const struct row *rows, int32_t block,
                         int32_t count, struct edgekd_taps inside, int8_t *slots, int8_t *to) {
    const struct edgekd_window *w = &p->window;
    const struct edgekd_scaling_mve scaling = p->scaling;
    const int32_t *factors = scaling.factors + block * scaling.step;
    const int32_t outputs = w->output_width;
    int32_t left = -w->pad_left;
    int32_t slot = 0;        /* of the window's first column, and for the next one to come */
    int32_t fresh = COLUMNS; /* columns that the window before this one did not have */
    int32_t pixels = 1;
    for (int32_t x = 0; x < outputs; x += pixels) {
        if (p->pixels > 1) {
            const int32_t before = pixels;
            pixels = x >= inside.first && x < inside.last ? least(inside.last - x, p->pixels) : 1;
            count = pixels * w->input_channels;
            fresh = pixels == before ? fresh : COLUMNS;
        }
        for (int32_t column = left + COLUMNS - fresh; column < left + COLUMNS; ++column) {
            if (column >= 0 && column < w->input_width) {
                interleave(rows, column, count, slots + slot * SLOT);
            } else {
                edgekd_fill_mve(slots + slot * SLOT, p->input_zero_point, SLOT);
            }
            slot = slot == COLUMNS - 1 ? 0 : slot + 1;
        }
        const uint32x4_t words = vaddq_n_u32(vld1q_u32(word_offsets[slot]), (uint32_t)slots);
        const int8_t *weights = p->weights + block * (EDGEKD_BLOCK * COLUMNS * ROWS);
        const int32_t *bias = p->bias + block * EDGEKD_BLOCK;
        const int32x4_t sum0 = four_sums(words, 0, &weights, &bias);
        const int32x4_t sum1 = four_sums(words, 2, &weights, &bias);
        const int32x4_t sum2 = four_sums(words, 1, &weights, &bias);
        const int32x4_t sum3 = four_sums(words, 3, &weights, &bias);
        edgekd_finish_block_mve(&scaling, factors, sum0, sum1, sum2, sum3, count, to);
        to += pixels * w->input_channels;
        left += pixels * w->stride_x;
        fresh = least(pixels * w->stride_x, COLUMNS);
    }
}

void edgekd_depthwise_4x3_s8_mve(const struct edgekd_depthwise_4x3_s8_mve *p, const int8_t *input, int8_t *output,
                                 void *scratch, int32_t first, int32_t last) {
    const struct edgekd_window *w = &p->window;
    const int32_t channels = w->input_channels;
    const struct edgekd_taps inside =
        edgekd_outputs_inside(w->pad_left, w->stride_x, w->width, w->input_width, w->output_width);
    struct work *work = scratch;
    struct row rows[ROWS];
    edgekd_fill_mve(work->slots + COLUMNS * SLOT, 0, SLOT);
    edgekd_fill_mve(work->padding, p->input_zero_point, EDGEKD_BLOCK);
    for (int32_t y = first; y < last; ++y) {
        int8_t *to = edgekd_output_row(w, output, y, channels);
        find_rows(w, input, y * w->stride_y - w->pad_top, work->padding, rows);
        for (int32_t block = 0; block * EDGEKD_BLOCK < channels; ++block) {
            const int32_t from = block * EDGEKD_BLOCK;
            block_of_row(p, rows, block, channels - from, inside, work->slots, to + from);
            next_channels(rows);
        }
    }
}
