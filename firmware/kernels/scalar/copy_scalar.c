#include "copy_scalar.h"

#include <string.h>

/* Left to itself GCC makes a call of memcpy out of these loops. */
#define APART() __asm__ volatile("")

#ifdef __ARM_FEATURE_UNALIGNED
enum { ANY_ALIGNMENT = 1 };
#else
enum { ANY_ALIGNMENT = 0 };
#endif

static inline void copy_word(void *to, const void *from) {
    memcpy(__builtin_assume_aligned(to, ANY_ALIGNMENT ? 1 : 4), __builtin_assume_aligned(from, ANY_ALIGNMENT ? 1 : 4),
           4);
}

void edgekd_copy_scalar(int8_t *to, const int8_t *from, int32_t count) {
    if (ANY_ALIGNMENT || (((uintptr_t)to | (uintptr_t)from) & 3) == 0) {
        for (; count >= 16; count -= 16) {
            copy_word(to, from);
            copy_word(to + 4, from + 4);
            copy_word(to + 8, from + 8);
            copy_word(to + 12, from + 12);
            to += 16;
            from += 16;
            APART();
        }
        for (; count >= 4; count -= 4) {
            copy_word(to, from);
            to += 4;
            from += 4;
            APART();
        }
    }
    for (; count > 0; --count) {
        *to++ = *from++;
        APART();
    }
}
