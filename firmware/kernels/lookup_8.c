#include "lookup_8.h"

void edgekd_lookup_8(const struct edgekd_lookup_8 *p, const void *input, void *output) {
    const uint8_t *x = input;
    int8_t *y = output;
    for (int32_t i = 0; i < p->count; ++i) {
        y[i] = p->table[x[i]];
    }
}
