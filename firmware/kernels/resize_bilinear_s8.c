#include "resize_bilinear_s8.h"

#define ONE 1024

/* Two neighbours of the input and their shares, which add up to ONE; the first may lie outside 0 to ONE at the edge. */
struct place {
    int32_t low;
    int32_t high;
    int32_t low_share;
    int32_t high_share;
};

static struct place place_of(int32_t index, int32_t scale, int32_t offset, int32_t extent) {
    const int32_t position = index * scale + offset;
    const int32_t floor = position < 0 ? 0 : position / ONE;
    const int32_t ceiling = (position + ONE - 1) / ONE;
    const int32_t beyond = position - floor * ONE;
    return (struct place){floor, ceiling < extent ? ceiling : extent - 1, ONE - beyond, beyond};
}

/* x / 2^20, halves away from zero. */
static inline int8_t rounded(int32_t x) {
    const int32_t half = (int32_t)1 << 19;
    return (int8_t)((x + (x > 0 ? half : -half)) / ((int32_t)1 << 20));
}

void edgekd_resize_bilinear_s8(const EDGEKD_FLASH struct edgekd_resize_bilinear_s8 *p, const int8_t *input,
                               int8_t *output) {
    const int32_t row = p->input_width * p->channels;
    for (int32_t i = 0; i < p->output_height; ++i) {
        const struct place y = place_of(i, p->scale_y, p->offset_y, p->input_height);
        const int8_t *upper = input + y.low * row;
        const int8_t *lower = input + y.high * row;
        for (int32_t j = 0; j < p->output_width; ++j) {
            const struct place x = place_of(j, p->scale_x, p->offset_x, p->input_width);
            const int32_t left = x.low * p->channels;
            const int32_t right = x.high * p->channels;
            for (int32_t c = 0; c < p->channels; ++c) {
                const int32_t above = upper[left + c] * x.low_share + upper[right + c] * x.high_share;
                const int32_t below = lower[left + c] * x.low_share + lower[right + c] * x.high_share;
                *output++ = rounded(above * y.low_share + below * y.high_share);
            }
        }
    }
}
