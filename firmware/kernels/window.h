/* A window that slides over an image: the geometry of convolutions and pooling. Images are [height][width][channels].
 *
 * Kernels with a window compute the output rows first to last - 1 of one image. Buffers hold whole images, or the rows
 * that are still needed, in a ring: row y lies at row y % input_rows (output_rows) of the buffer.
 *
 *      image   row 0  row 1  row 2  row 3  row 4          input_rows = 3, while output row 3 of a 3x3 window is made
 *      buffer  [row 3][row 4][row 2]
 */
#ifndef EDGEKD_WINDOW_H
#define EDGEKD_WINDOW_H

#include <stdint.h>

#include "flash.h"

/* 16 bits: every layer with a window has one of these in flash. */
struct edgekd_window {
    int16_t input_height;
    int16_t input_width;
    int16_t input_channels;
    int16_t output_height;
    int16_t output_width;
    int16_t height; /* of the window, in taps */
    int16_t width;
    int16_t stride_y;
    int16_t stride_x;
    int16_t dilation_y; /* from one tap to the next, in pixels */
    int16_t dilation_x;
    int16_t pad_top;
    int16_t pad_left;
    int16_t input_rows; /* the buffers hold: the height when it is the whole image */
    int16_t output_rows;
};

/* Where row y of the input begins, and of the output with its `channels`. */
static inline const int8_t *edgekd_input_row(const EDGEKD_FLASH struct edgekd_window *w, const int8_t *image,
                                             int32_t y) {
    return image + (y < w->input_rows ? y : y % w->input_rows) * w->input_width * w->input_channels;
}

static inline int8_t *edgekd_output_row(const EDGEKD_FLASH struct edgekd_window *w, int8_t *image, int32_t y,
                                        int32_t channels) {
    return image + (y < w->output_rows ? y : y % w->output_rows) * w->output_width * channels;
}

/* The taps of a window that lie inside the image, along one axis: first to last - 1. */
struct edgekd_taps {
    int32_t first;
    int32_t last;
};

/* origin: where tap 0 lies, below 0 in the padding. taps: how many. extent: of the image. */
struct edgekd_taps edgekd_taps_inside(int32_t origin, int32_t taps, int32_t dilation, int32_t extent);

/* Copies the window at output (y, x) to `gathered`, [height][width][count]: channels first to first + count - 1 of
 * each tap, `padding` for taps outside the image. image: the buffer of the input.
 */
void edgekd_gather_s8(const EDGEKD_FLASH struct edgekd_window *w, const int8_t *image, int32_t y, int32_t x,
                      int32_t first, int32_t count, int32_t padding, int8_t *gathered);

#endif
