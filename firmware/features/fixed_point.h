/* Arithmetic that all of it shares. */
#ifndef EDGEKD_FEATURES_FIXED_POINT_H
#define EDGEKD_FEATURES_FIXED_POINT_H

#include <stdint.h>

#define EDGEKD_WEIGHT_BITS 15  /* of filters and cosines */
#define EDGEKD_TWIDDLE_BITS 30 /* of the turns of the transform */
#define EDGEKD_LOG_BITS 15
#define EDGEKD_LOG_CELL_BITS 6 /* of an octave's table of logarithms */

_Static_assert((-1 >> 1) == -1, "a shift of a negative number must keep its sign, as every compiler here does");

/* value / 2^bits, halves rounded up. bits: 0 to 62. */
static inline int64_t edgekd_shifted(int64_t value, unsigned bits) {
    return (value + ((INT64_C(1) << bits) >> 1)) >> bits;
}

#endif
