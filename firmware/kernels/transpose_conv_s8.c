/* Each output gathers from the inputs that add to it: every stride-th tap, from the first that lands on a pixel. */
#include "transpose_conv_s8.h"

#include "requantize.h"

/* The taps i, first, first + stride, ... below last, of which (place - i) / stride is a pixel of the input. */
struct hits {
    int32_t first;
    int32_t last;
};

static struct hits hits_of(int32_t place, int32_t taps, int32_t stride, int32_t extent) {
    const int32_t beyond = place - (extent - 1) * stride; /* the tap that reaches the last pixel */
    const int32_t first = beyond > 0 ? beyond : place % stride;
    return (struct hits){first, taps < place + 1 ? taps : place + 1};
}

static uint32_t sum_of(const EDGEKD_FLASH struct edgekd_transpose_conv_s8 *p, const int8_t *input, int32_t y, int32_t x,
                       const EDGEKD_FLASH int8_t *weights) {
    const struct hits rows = hits_of(y, p->height, p->stride_y, p->input_height);
    const struct hits columns = hits_of(x, p->width, p->stride_x, p->input_width);
    uint32_t sum = 0;
    for (int32_t i = rows.first; i < rows.last; i += p->stride_y) {
        const int8_t *row = input + (y - i) / p->stride_y * p->input_width * p->inputs;
        for (int32_t j = columns.first; j < columns.last; j += p->stride_x) {
            const int8_t *pixel = row + (x - j) / p->stride_x * p->inputs;
            const EDGEKD_FLASH int8_t *tap = weights + (i * p->width + j) * p->inputs;
            for (int32_t k = 0; k < p->inputs; ++k) {
                sum += (uint32_t)((pixel[k] - p->input_zero_point) * tap[k]);
            }
        }
    }
    return sum;
}

void edgekd_transpose_conv_s8(const EDGEKD_FLASH struct edgekd_transpose_conv_s8 *p, const int8_t *input,
                              int8_t *output) {
    const int32_t size = p->height * p->width * p->inputs;
    for (int32_t y = 0; y < p->output_height; ++y) {
        for (int32_t x = 0; x < p->output_width; ++x) {
            for (int32_t c = 0; c < p->outputs; ++c) {
                const int32_t sum = (int32_t)((uint32_t)p->bias[c] +
                                              sum_of(p, input, y + p->pad_top, x + p->pad_left, p->weights + c * size));
                const int32_t at = c * p->per_channel;
                *output++ = edgekd_offset_clamp_s8(edgekd_requantize(sum, p->multiplier[at], p->shift[at]),
                                                   p->zero_point, p->lowest, p->highest);
            }
        }
    }
}
