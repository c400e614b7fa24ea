/* What a UART divides its clock by for a rate. */
#ifndef EDGEKD_DIVISOR_H
#define EDGEKD_DIVISOR_H

#include <stdint.h>

/* `clock` / `rate`, divisor; 0 where that is not a whole number from `least` to `most`, or where the rate that comes of
 * it is more than 2.5 % off: half of what a receiver can bear over the ten bits of a byte, the other end being off too.
 */
static inline uint32_t edgekd_divisor(uint32_t clock, uint32_t rate, uint32_t least, uint32_t most) {
    if (rate == 0 || rate > clock) {
        return 0;
    }
    const uint32_t divisor = (uint32_t)(((uint64_t)clock + rate / 2u) / rate);
    const uint32_t real = clock / divisor;
    const uint32_t off = real > rate ? real - rate : rate - real;
    return divisor < least || divisor > most || off > rate / 40u ? 0u : divisor;
}

#endif
