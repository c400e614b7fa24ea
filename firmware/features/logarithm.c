#include "logarithm.h"

#include "fixed_point.h"

int32_t edgekd_log2(const struct edgekd_front_end *front_end, uint64_t energy) {
    uint64_t value = energy + (UINT64_C(1) << front_end->energy_bits);
    int32_t whole = 63;
    for (; (value & (UINT64_C(1) << 63)) == 0; value <<= 1)
        --whole;
    const uint64_t mantissa = value << 1; /* what follows the leading one */
    const uint32_t cell = (uint32_t)(mantissa >> (64 - EDGEKD_LOG_CELL_BITS));
    const uint32_t along = (uint32_t)(mantissa >> (64 - EDGEKD_LOG_CELL_BITS - 16)) & 0xffffu;
    const uint32_t low = front_end->logarithms[cell], high = front_end->logarithms[cell + 1];
    return whole * (1 << EDGEKD_LOG_BITS) + (int32_t)(low + (((high - low) * along + 0x8000u) >> 16));
}
