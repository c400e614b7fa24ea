/* Copies any number of bytes, 16 a step, the last ones under the loop's own predicate (WLSTP, LETP). */
#ifndef EDGEKD_COPY_MVE_H
#define EDGEKD_COPY_MVE_H

#include <stdint.h>

/* GCC 12 makes no tail-predicated loop of its own, and newlib's small memcpy goes byte by byte. count: not below 0. */
static inline void edgekd_copy_mve(int8_t *to, const int8_t *from, int32_t count) {
    __asm__ volatile("wlstp.8 lr, %[count], 2f\n"
                     "1:\n\t"
                     "vldrb.8 q0, [%[from]], #16\n\t"
                     "vstrb.8 q0, [%[to]], #16\n\t"
                     "letp lr, 1b\n"
                     "2:"
                     : [to] "+r"(to), [from] "+r"(from)
                     : [count] "r"(count)
                     : "lr", "q0", "memory");
}

static inline void edgekd_fill_mve(int8_t *to, int32_t value, int32_t count) {
    __asm__ volatile("vdup.8 q0, %[value]\n\t"
                     "wlstp.8 lr, %[count], 2f\n"
                     "1:\n\t"
                     "vstrb.8 q0, [%[to]], #16\n\t"
                     "letp lr, 1b\n"
                     "2:"
                     : [to] "+r"(to)
                     : [value] "r"(value), [count] "r"(count)
                     : "lr", "q0", "memory");
}

#endif
