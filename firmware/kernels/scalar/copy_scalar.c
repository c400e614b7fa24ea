#include "copy_scalar.h"

#include <string.h>

/* Keeps GCC from making a call of memcpy or memset out of a loop. */
#define KEEP_LOOP() __asm__ volatile("")

#ifdef __ARM_FEATURE_UNALIGNED
enum { ALIGNMENT = 1 };
#else
enum { ALIGNMENT = 4 };
#endif

static inline int by_words(uintptr_t addresses) {
    return (addresses & (ALIGNMENT - 1)) == 0;
}

static inline void store_word(void *to, uint32_t word) {
    memcpy(__builtin_assume_aligned(to, ALIGNMENT), &word, 4);
}

static inline void copy_word(void *to, const void *from) {
    uint32_t word;
    memcpy(&word, __builtin_assume_aligned(from, ALIGNMENT), 4);
    store_word(to, word);
}

void edgekd_copy_scalar(int8_t *to, const int8_t *from, int32_t count) {
    if (by_words((uintptr_t)to | (uintptr_t)from)) {
        for (; count >= 16; count -= 16) {
            copy_word(to, from);
            copy_word(to + 4, from + 4);
            copy_word(to + 8, from + 8);
            copy_word(to + 12, from + 12);
            to += 16;
            from += 16;
            KEEP_LOOP();
        }
        for (; count >= 4; count -= 4) {
            copy_word(to, from);
            to += 4;
            from += 4;
            KEEP_LOOP();
        }
    }
    for (; count > 0; --count) {
        *to++ = *from++;
        KEEP_LOOP();
    }
}

void edgekd_fill_scalar(int8_t *to, int32_t value, int32_t count) {
    if (by_words((uintptr_t)to)) {
        const uint32_t word = (uint32_t)(uint8_t)value * 0x01010101u;
        for (; count >= 8; count -= 8) {
            store_word(to, word);
            store_word(to + 4, word);
            to += 8;
            KEEP_LOOP();
        }
    }
    for (; count > 0; --count) {
        *to++ = (int8_t)value;
        KEEP_LOOP();
    }
}
