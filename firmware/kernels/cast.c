#include "cast.h"

static int32_t number(const void *input, int32_t type, int32_t i) {
    switch (type) {
    case EDGEKD_CAST_BOOL:
        return ((const uint8_t *)input)[i] != 0;
    case EDGEKD_CAST_S8:
        return ((const int8_t *)input)[i];
    case EDGEKD_CAST_S16:
        return ((const int16_t *)input)[i];
    default:
        return ((const int32_t *)input)[i];
    }
}

void edgekd_cast(const EDGEKD_FLASH struct edgekd_cast *p, const void *input, void *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t x = number(input, p->from, i);
        switch (p->to) {
        case EDGEKD_CAST_BOOL:
            ((uint8_t *)output)[i] = x != 0;
            break;
        case EDGEKD_CAST_S8:
            ((int8_t *)output)[i] = (int8_t)x;
            break;
        case EDGEKD_CAST_S16:
            ((int16_t *)output)[i] = (int16_t)x;
            break;
        case EDGEKD_CAST_S32:
            ((int32_t *)output)[i] = x;
            break;
        default:
            ((float *)output)[i] = (float)x;
        }
    }
}
