/* What AVERAGE_POOL_2D and MAX_POOL_2D share, int8. Padding takes no part. */
#ifndef EDGEKD_POOL_2D_S8_H
#define EDGEKD_POOL_2D_S8_H

#include "window.h"

struct edgekd_pool_2d_s8 {
    struct edgekd_window window;
    int32_t lowest; /* the fused activation */
    int32_t highest;
};

/* The part of a window that lies inside the image: its first row and column there, and how many of each. */
struct edgekd_pool_part {
    int32_t top;
    int32_t left;
    int32_t rows;
    int32_t columns;
};

static inline struct edgekd_pool_part edgekd_pool_part(const EDGEKD_FLASH struct edgekd_window *w, int32_t y,
                                                       int32_t x) {
    const int32_t top = y * w->stride_y - w->pad_top;
    const int32_t left = x * w->stride_x - w->pad_left;
    const struct edgekd_taps rows = edgekd_taps_inside(top, w->height, 1, w->input_height);
    const struct edgekd_taps columns = edgekd_taps_inside(left, w->width, 1, w->input_width);
    return (struct edgekd_pool_part){top + rows.first, left + columns.first, rows.last - rows.first,
                                     columns.last - columns.first};
}

/* What a kernel makes of one window: a number for each channel, to y. */
typedef void (*edgekd_pool_window)(const EDGEKD_FLASH struct edgekd_pool_2d_s8 *p, const int8_t *input,
                                   struct edgekd_pool_part part, int8_t *y);

/* Calls `pool` for each window of the output rows first to last - 1. Inlined, so that `pool` may be, too. */
static inline void edgekd_pool_rows(const EDGEKD_FLASH struct edgekd_pool_2d_s8 *p, const int8_t *input, int8_t *output,
                                    int32_t first, int32_t last, edgekd_pool_window pool) {
    const EDGEKD_FLASH struct edgekd_window *w = &p->window;
    for (int32_t y = first; y < last; ++y) {
        int8_t *to = edgekd_output_row(w, output, y, w->input_channels);
        for (int32_t x = 0; x < w->output_width; ++x) {
            pool(p, input, edgekd_pool_part(w, y, x), to);
            to += w->input_channels;
        }
    }
}

/* Output rows first to last - 1 of one image, see window.h. input and output: [height][width][channels]. */
void edgekd_average_pool_2d_s8(const EDGEKD_FLASH struct edgekd_pool_2d_s8 *p, const int8_t *input, int8_t *output,
                               int32_t first, int32_t last);
void edgekd_max_pool_2d_s8(const EDGEKD_FLASH struct edgekd_pool_2d_s8 *p, const int8_t *input, int8_t *output,
                           int32_t first, int32_t last);

#endif
