#include "window.h"

#include <string.h>

struct edgekd_taps edgekd_taps_inside(int32_t origin, int32_t taps, int32_t dilation, int32_t extent) {
    struct edgekd_taps inside = {0, taps};
    while (inside.first < taps && origin + inside.first * dilation < 0) {
        ++inside.first;
    }
    while (inside.last > inside.first && origin + (inside.last - 1) * dilation >= extent) {
        --inside.last;
    }
    return inside;
}

void edgekd_gather_s8(const EDGEKD_FLASH struct edgekd_window *w, const int8_t *image, int32_t y, int32_t x,
                      int32_t first, int32_t count, int32_t padding, int8_t *gathered) {
    const int32_t origin_y = y * w->stride_y - w->pad_top;
    const int32_t origin_x = x * w->stride_x - w->pad_left;
    const struct edgekd_taps rows = edgekd_taps_inside(origin_y, w->height, w->dilation_y, w->input_height);
    const struct edgekd_taps columns = edgekd_taps_inside(origin_x, w->width, w->dilation_x, w->input_width);
    const int32_t row_bytes = w->width * count;
    const int contiguous = w->dilation_x == 1 && count == w->input_channels;
    if (rows.last - rows.first < w->height || columns.last - columns.first < w->width) {
        memset(gathered, (int)padding, (size_t)(w->height * row_bytes));
    }
    for (int32_t i = rows.first; i < rows.last; ++i) {
        const int8_t *row = edgekd_input_row(w, image, origin_y + i * w->dilation_y);
        const int8_t *from = row + (origin_x + columns.first * w->dilation_x) * w->input_channels + first;
        int8_t *to = gathered + i * row_bytes + columns.first * count;
        if (contiguous) {
            memcpy(to, from, (size_t)((columns.last - columns.first) * count));
            continue;
        }
        for (int32_t j = columns.first; j < columns.last; ++j) {
            memcpy(to, from, (size_t)count);
            from += w->dilation_x * w->input_channels;
            to += count;
        }
    }
}
