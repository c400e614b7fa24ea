/* A window that slides over an image: the geometry of convolutions and pooling. Images are [height][width][channels].
 */
#ifndef EDGEKD_WINDOW_H
#define EDGEKD_WINDOW_H

#include <stdint.h>

struct edgekd_window {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t height; /* of the window, in taps */
    int32_t width;
    int32_t stride_y;
    int32_t stride_x;
    int32_t dilation_y; /* from one tap to the next, in pixels */
    int32_t dilation_x;
    int32_t pad_top;
    int32_t pad_left;
};

/* The taps of a window that lie inside the image, along one axis: first to last - 1. */
struct edgekd_taps {
    int32_t first;
    int32_t last;
};

/* origin: where tap 0 lies, below 0 in the padding. taps: how many. extent: of the image. */
struct edgekd_taps edgekd_taps_inside(int32_t origin, int32_t taps, int32_t dilation, int32_t extent);

/* Copies the window at output (y, x) to `gathered`, [height][width][count]: channels first to first + count - 1 of
 * each tap, `padding` for taps outside the image. image: of one batch.
 */
void edgekd_gather_s8(const struct edgekd_window *w, const int8_t *image, int32_t y, int32_t x, int32_t first,
                      int32_t count, int32_t padding, int8_t *gathered);

#endif
