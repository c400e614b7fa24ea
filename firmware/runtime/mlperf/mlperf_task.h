/* What a benchmark makes of the loaded bytes and of the model's output: scores.c or distance.c, as the project has it
 * (MLPERF.md, "Benchmarks"). */
#ifndef EDGEKD_MLPERF_TASK_H
#define EDGEKD_MLPERF_TASK_H

#include <stdint.h>

/* The model's input, EDGEKD_MLPERF_ELEMENTS long, kept until the next call. NULL, and an error is put, when the bytes
 * cannot be one. */
const int8_t *edgekd_mlperf_task_input(const uint8_t *loaded);

/* Puts the line of results, or an error, for the model's output to the input of the last call. */
void edgekd_mlperf_task_results(const uint8_t *loaded, const int8_t *output);

#endif
