#include "concatenation.h"

#include <string.h>

void edgekd_split(const EDGEKD_FLASH struct edgekd_concatenation *p, const void *input, void *const *outputs) {
    const uint8_t *from = input;
    for (int32_t round = 0; round < p->outer; ++round) {
        for (int32_t part = 0; part < p->parts; ++part) {
            const int32_t bytes = p->piece_bytes[part];
            uint8_t *to = outputs[part];
            memcpy(to + round * bytes, from, (size_t)bytes);
            from += bytes;
        }
    }
}
