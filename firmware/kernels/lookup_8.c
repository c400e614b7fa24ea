#include "lookup_8.h"

void edgekd_lookup_8(const EDGEKD_FLASH struct edgekd_lookup_8 *p, const void *input, void *output, int32_t count) {
    const uint8_t *x = input;
    int8_t *y = output;
    for (int32_t i = 0; i < count; ++i) {
        y[i] = p->table[x[i]];
    }
}
