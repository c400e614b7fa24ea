#include "pool_2d_s16.h"

/* The sum and the largest of one channel of a window. */
struct found {
    int32_t sum;
    int32_t largest;
};

static struct found look(const EDGEKD_FLASH struct edgekd_window *w, const int16_t *input, struct edgekd_pool_part part,
                         int32_t channel) {
    struct found found = {0, INT16_MIN};
    for (int32_t i = 0; i < part.rows; ++i) {
        const int32_t y = (part.top + i) % w->input_rows;
        const int16_t *x = input + (y * w->input_width + part.left) * w->input_channels + channel;
        for (int32_t j = 0; j < part.columns; ++j) {
            found.sum += *x;
            found.largest = *x > found.largest ? *x : found.largest;
            x += w->input_channels;
        }
    }
    return found;
}

static inline void pool(const EDGEKD_FLASH struct edgekd_pool_2d_s8 *p, const int16_t *input, int16_t *output,
                        int32_t first, int32_t last, int32_t average) {
    const EDGEKD_FLASH struct edgekd_window *w = &p->window;
    for (int32_t y = first; y < last; ++y) {
        int16_t *to = output + y % w->output_rows * w->output_width * w->input_channels;
        for (int32_t x = 0; x < w->output_width; ++x) {
            const struct edgekd_pool_part part = edgekd_pool_part(w, y, x);
            const int32_t count = part.rows * part.columns;
            for (int32_t channel = 0; channel < w->input_channels; ++channel) {
                const struct found found = look(w, input, part, channel);
                const int32_t half = found.sum > 0 ? count / 2 : -(count / 2);
                const int32_t result = average ? (found.sum + half) / count : found.largest;
                *to++ = (int16_t)(result < p->lowest ? p->lowest : result > p->highest ? p->highest : result);
            }
        }
    }
}

void edgekd_average_pool_2d_s16(const EDGEKD_FLASH struct edgekd_pool_2d_s8 *p, const int16_t *input, int16_t *output,
                                int32_t first, int32_t last) {
    pool(p, input, output, first, last, 1);
}

void edgekd_max_pool_2d_s16(const EDGEKD_FLASH struct edgekd_pool_2d_s8 *p, const int16_t *input, int16_t *output,
                            int32_t first, int32_t last) {
    pool(p, input, output, first, last, 0);
}
