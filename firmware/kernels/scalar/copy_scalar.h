/* Copies of bytes by words, where a C library made for size copies byte by byte. */
#ifndef EDGEKD_COPY_SCALAR_H
#define EDGEKD_COPY_SCALAR_H

#include <stdint.h>

/* from may have any alignment. Areas do not overlap. */
void edgekd_copy_scalar(int8_t *to, const int8_t *from, int32_t count);

#endif
