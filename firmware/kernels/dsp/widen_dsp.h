/* Rows of int8 inputs as int16 pairs, in the order of dense_s8_dsp.h. Where `count` is no multiple of 4 the last word's
 * missing inputs are 0.
 */
#ifndef EDGEKD_WIDEN_DSP_H
#define EDGEKD_WIDEN_DSP_H

#include "words_dsp.h"

/* The last count bytes, fewer than four. */
static inline int32_t edgekd_load_rest_dsp(const int8_t *from, int32_t count) {
    uint32_t word = 0;
    while (count > 0) {
        word = word << 8 | (uint8_t)from[--count];
    }
    return (int32_t)word;
}

/* One row. Returns where the next pair goes. */
static inline int32_t *edgekd_widen_1_dsp(const int8_t *from, int32_t count, int32_t *to) {
    for (; count > 0; count -= 4) {
        const int32_t bytes = count >= 4 ? edgekd_load_4_dsp(from) : edgekd_load_rest_dsp(from, count);
        edgekd_store_dsp(&to, edgekd_even_dsp(bytes), edgekd_odd_dsp(bytes));
        from += 4;
    }
    return to;
}

/* Four inputs of each of two rows. Returns where the next pairs go. */
static inline int32_t *edgekd_widen_word_dsp(int32_t bytes0, int32_t bytes1, int32_t *to) {
    edgekd_store_dsp(&to, edgekd_even_dsp(bytes0), edgekd_even_dsp(bytes1));
    edgekd_store_dsp(&to, edgekd_odd_dsp(bytes0), edgekd_odd_dsp(bytes1));
    return to;
}

/* Two rows, their pairs in turn. */
static inline void edgekd_widen_2_dsp(const int8_t *from0, const int8_t *from1, int32_t count, int32_t *to) {
    for (; count >= 4; count -= 4) {
        to = edgekd_widen_word_dsp(edgekd_load_4_dsp(from0), edgekd_load_4_dsp(from1), to);
        from0 += 4;
        from1 += 4;
    }
    if (count > 0) {
        edgekd_widen_word_dsp(edgekd_load_rest_dsp(from0, count), edgekd_load_rest_dsp(from1, count), to);
    }
}

#endif
