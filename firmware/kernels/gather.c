#include "gather.h"

#include <string.h>

void edgekd_gather(const EDGEKD_FLASH struct edgekd_gather *p, const void *input, void *output) {
    const EDGEKD_FLASH int32_t *n = &p->shape[0];
    const EDGEKD_FLASH int32_t *offset0 = p->offsets;
    const EDGEKD_FLASH int32_t *offset1 = offset0 + n[0];
    const EDGEKD_FLASH int32_t *offset2 = offset1 + n[1];
    const EDGEKD_FLASH int32_t *offset3 = offset2 + n[2];
    uint8_t *to = output;
    for (int32_t i = 0; i < n[0]; ++i) {
        for (int32_t j = 0; j < n[1]; ++j) {
            for (int32_t k = 0; k < n[2]; ++k) {
                const uint8_t *from = (const uint8_t *)input + offset0[i] + offset1[j] + offset2[k];
                for (int32_t l = 0; l < n[3]; ++l) {
                    memcpy(to, from + offset3[l], (size_t)p->run);
                    to += p->run;
                }
            }
        }
    }
}
