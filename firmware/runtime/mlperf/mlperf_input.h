/* The input as the host loads it: `db load`, `db HEX`, `db print` (MLPERF.md, "Input"). */
#ifndef EDGEKD_MLPERF_INPUT_H
#define EDGEKD_MLPERF_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each puts its reply. An error makes the input incomplete until the next `db load`; `refuse` is one from outside. */
void edgekd_mlperf_input_refuse(const char *error);
void edgekd_mlperf_input_begin(const char *count);
void edgekd_mlperf_input_take(const char *hex);
void edgekd_mlperf_input_print(void);

/* The EDGEKD_MLPERF_INPUT_BYTES bytes, each exclusive-or EDGEKD_MLPERF_FLIP; NULL, and an error is put, unless exactly
 * so many are loaded. */
const uint8_t *edgekd_mlperf_input(void);

/* A decimal number below a thousand million, without sign. False: `text` is none. */
bool edgekd_mlperf_number(const char *text, uint32_t *number);

#endif
