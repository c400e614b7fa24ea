#include "softmax_s16.h"

#include "requantize.h"

/* Between two steps of a table. place: from -32768, the first step, to 32767; what is outside saturates. */
static int32_t looked_up(const EDGEKD_FLASH int16_t *table, int32_t place) {
    const int32_t inside = place < INT16_MIN ? INT16_MIN : place > INT16_MAX ? INT16_MAX : place;
    const int32_t index = 256 + (inside >> 7);
    const int32_t slope = table[index + 1] - table[index];
    return table[index] + ((slope * (inside & 127) + 64) >> 7);
}

static int32_t leading_zeros(uint32_t x) {
    int32_t count = 0;
    while (x < (uint32_t)1 << 31) {
        x <<= 1;
        ++count;
    }
    return count;
}

void edgekd_softmax_s16(const EDGEKD_FLASH struct edgekd_softmax_s16 *p, const int16_t *input, int16_t *output) {
    for (int32_t row = 0; row < p->rows; ++row) {
        int32_t largest = INT16_MIN;
        for (int32_t i = 0; i < p->depth; ++i) {
            largest = input[i] > largest ? input[i] : largest;
        }
        int32_t sum = 0; /* 15 fractional bits; the largest input alone makes it nearly 1 */
        for (int32_t i = 0; i < p->depth; ++i) {
            const int32_t below = edgekd_requantize(input[i] - largest, p->multiplier, p->shift);
            output[i] = (int16_t)looked_up(p->exp, below + INT16_MAX);
            sum += output[i];
        }
        const int32_t zeros = leading_zeros((uint32_t)sum);
        const int32_t mantissa = (int32_t)((((int64_t)sum << (zeros - 1)) + (1 << 13)) >> 14);
        const int32_t reciprocal = looked_up(p->reciprocal, mantissa - ((int32_t)3 << 15));
        const int32_t shift = 31 - zeros;
        for (int32_t i = 0; i < p->depth; ++i) {
            const int32_t share = (output[i] * reciprocal + ((int32_t)1 << (shift - 1))) >> shift;
            output[i] = (int16_t)(share < 0 ? 0 : share > INT16_MAX ? INT16_MAX : share);
        }
        input += p->depth;
        output += p->depth;
    }
}
