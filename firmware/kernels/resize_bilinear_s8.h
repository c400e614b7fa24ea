/* RESIZE_BILINEAR, int8: fixed point with 10 fractional bits, as in TensorFlow Lite Micro. */
#ifndef EDGEKD_RESIZE_BILINEAR_S8_H
#define EDGEKD_RESIZE_BILINEAR_S8_H

#include <stdint.h>

#include "flash.h"

/* Output position i of an axis lies at (i * scale + offset) / 1024 of the input. */
struct edgekd_resize_bilinear_s8 {
    int32_t input_height;
    int32_t input_width;
    int32_t output_height;
    int32_t output_width;
    int32_t channels;
    int32_t scale_y;
    int32_t scale_x;
    int32_t offset_y;
    int32_t offset_x;
};

/* One image. input: [input_height][input_width][channels]. output: [output_height][output_width][channels]. */
void edgekd_resize_bilinear_s8(const EDGEKD_FLASH struct edgekd_resize_bilinear_s8 *p, const int8_t *input,
                               int8_t *output);

#endif
