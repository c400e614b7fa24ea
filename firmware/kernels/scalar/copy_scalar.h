/* Bytes moved and set by words: what C libraries made for size do byte by byte. */
#ifndef EDGEKD_COPY_SCALAR_H
#define EDGEKD_COPY_SCALAR_H

#include <stdint.h>

/* Alignment does not matter, but for the speed on cores that load words from aligned addresses only. */
void edgekd_copy_scalar(int8_t *to, const int8_t *from, int32_t count);
void edgekd_fill_scalar(int8_t *to, int32_t value, int32_t count);

#endif
