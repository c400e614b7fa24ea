/* Microseconds since the start, out of the port's counter, which wraps. */
#ifndef EDGEKD_MLPERF_CLOCK_H
#define EDGEKD_MLPERF_CLOCK_H

#include <stdint.h>

/* Takes in what the counter did since the last call. Call it more often than the counter wraps (2^32 ticks): of a
 * longer pause only the remainder is counted. */
void edgekd_mlperf_clock_follow(void);

/* Microseconds, rounded down; never runs backwards. Follows the counter, too. */
uint64_t edgekd_mlperf_clock_us(void);

#endif
