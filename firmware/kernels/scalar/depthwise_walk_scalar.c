#include "copy_scalar.h"
#include "depthwise_pixels_scalar.h"

static int32_t lesser(int32_t a, int32_t b) {
    return a < b ? a : b;
}

void edgekd_depthwise_rows_scalar(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *input, int32_t y,
                                  int8_t *to) {
    const struct edgekd_window *const w = &p->window;
    const int32_t channels = w->input_channels;
    const int32_t left = lesser(w->pad_left, p->row_width);
    const int32_t inside = lesser(w->input_width, p->row_width - left);
    const int32_t right = p->row_width - left - inside;
    int32_t row = y * w->stride_y - w->pad_top;
    for (int32_t i = 0; i < w->height; ++i) {
        if (row < 0 || row >= w->input_height) {
            edgekd_fill_scalar(to, p->input_zero_point, p->row_width * channels);
        } else {
            int8_t *const image = to + left * channels;
            edgekd_fill_scalar(to, p->input_zero_point, left * channels);
            edgekd_copy_scalar(image, edgekd_input_row(w, input, row), inside * channels);
            edgekd_fill_scalar(image + inside * channels, p->input_zero_point, right * channels);
        }
        row += w->dilation_y;
        to += p->row_width * channels;
    }
}

void edgekd_depthwise_walk_scalar(const struct edgekd_depthwise_conv_2d_s8_scalar *p, const int8_t *input,
                                  int8_t *output, void *scratch, int32_t first, int32_t last,
                                  edgekd_depthwise_pixels_scalar *four, edgekd_depthwise_pixels_scalar *one) {
    const struct edgekd_window *const w = &p->window;
    const int32_t outputs = w->input_channels * p->depth_multiplier;
    const int32_t pixel_step = w->stride_x * w->input_channels;
    for (int32_t y = first; y < last; ++y) {
        int8_t *const row = edgekd_output_row(w, output, y, outputs);
        const int8_t *from = scratch;
        int8_t *to = row;
        edgekd_depthwise_rows_scalar(p, input, y, scratch);
        int32_t left = w->output_width;
        for (; left >= PIXELS; left -= PIXELS) {
            four(p, from, to);
            from += PIXELS * pixel_step;
            to += PIXELS * outputs;
        }
        for (; left > 0; --left) {
            one(p, from, to);
            from += pixel_step;
            to += outputs;
        }
        edgekd_limit_scalar(row, w->output_width * outputs, p->lowest, p->highest);
    }
}
