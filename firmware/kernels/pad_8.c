#include "pad_8.h"

#include <string.h>

void edgekd_pad_8(const EDGEKD_FLASH struct edgekd_pad_8 *p, const void *input, void *output) {
    const EDGEKD_FLASH int32_t *n = &p->shape[0];
    const EDGEKD_FLASH int32_t *s = &p->stride[0];
    const uint8_t *from = input;
    uint8_t *start = (uint8_t *)output + p->start;
    memset(output, (int)p->value, (size_t)p->output_bytes);
    for (int32_t i = 0; i < n[0]; ++i) {
        for (int32_t j = 0; j < n[1]; ++j) {
            for (int32_t k = 0; k < n[2]; ++k) {
                for (int32_t l = 0; l < n[3]; ++l) {
                    memcpy(start + i * s[0] + j * s[1] + k * s[2] + l * s[3], from, (size_t)p->run);
                    from += p->run;
                }
            }
        }
    }
}
