#include "concatenation.h"

#include <string.h>

void edgekd_concatenation(const EDGEKD_FLASH struct edgekd_concatenation *p, const void *const *inputs, void *output) {
    uint8_t *to = output;
    for (int32_t round = 0; round < p->outer; ++round) {
        for (int32_t part = 0; part < p->parts; ++part) {
            const int32_t bytes = p->piece_bytes[part];
            const uint8_t *from = inputs[part];
            memcpy(to, from + round * bytes, (size_t)bytes);
            to += bytes;
        }
    }
}
