/* Text to the host: the pieces that lines of the benchmark's protocol are made of (MLPERF.md). */
#ifndef EDGEKD_MLPERF_TEXT_H
#define EDGEKD_MLPERF_TEXT_H

#include <stdint.h>

void edgekd_mlperf_put(const char *text);

/* Decimal, without leading zeros. */
void edgekd_mlperf_put_number(uint64_t number);
void edgekd_mlperf_put_signed(int32_t number);

/* Two lower-case hexadecimal digits. */
void edgekd_mlperf_put_hex(uint8_t byte);

/* With three decimals, the same digits as printf's "%.3f". value: not NaN, and not beyond EDGEKD_MLPERF_MOST. */
void edgekd_mlperf_put_decimal(float value);

#define EDGEKD_MLPERF_MOST 1e12f

#endif
