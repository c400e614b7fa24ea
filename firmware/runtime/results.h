/* Results, kept until the host has acknowledged them (PROTOCOL.md, "Samples and results").
 *
 *     sample u32 | ticks u32 | code i32 | output tensors, one after another | digest u32
 *
 * EDGEKD_RESULT_BYTES of memory keep copies of several. Where not even two fit, the output tensors themselves keep one:
 * the host then sends no sample before it has the result of the one before.
 */
#ifndef EDGEKD_RESULTS_H
#define EDGEKD_RESULTS_H

#include <stdbool.h>
#include <stdint.h>

struct edgekd_result {
    uint32_t sample;
    uint32_t ticks; /* the model took so many */
    int32_t code;   /* what the engine returned */
};

/* How many results are kept at most. */
uint16_t edgekd_results_limit(void);

/* Forgets all: a session begins. */
void edgekd_results_restart(void);

/* Keeps the result that the output tensors hold, and sends it. There must be room. `expected`: the number of the frame
 * that is expected of the host, for the acknowledgement in the result's frames. */
void edgekd_results_add(const struct edgekd_result *result, uint16_t expected);

bool edgekd_results_are_full(void);

/* Whether none is kept. */
bool edgekd_results_are_empty(void);

/* The host has all frames before `frame`. */
void edgekd_results_acknowledge(uint16_t frame);

/* Sends again what was not acknowledged. */
void edgekd_results_send_again(uint16_t expected);

/* The number of the next frame of a result. */
uint16_t edgekd_results_next_frame(void);

/* Sends the result that the output tensors hold without keeping it, in frames of type PUSH. */
void edgekd_results_push(const struct edgekd_result *result);

#endif
