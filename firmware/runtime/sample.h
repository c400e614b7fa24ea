/* The sample that is coming in, piece by piece, into the model's input tensors (PROTOCOL.md, "Samples and results").
 *
 *     sample u32 | input tensors, one after another | digest u32
 */
#ifndef EDGEKD_SAMPLE_H
#define EDGEKD_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum edgekd_sample_state {
    EDGEKD_SAMPLE_MORE,
    EDGEKD_SAMPLE_COMPLETE, /* and its digest is right: the model may run */
    EDGEKD_SAMPLE_SPOILED,  /* complete, and its digest is wrong */
    EDGEKD_SAMPLE_OVER,     /* the piece goes beyond the end; nothing of it was taken */
};

/* Forgets what came of a sample: the next piece begins one. */
void edgekd_sample_restart(void);

/* Whether the next piece begins a sample. */
bool edgekd_sample_is_new(void);

/* Takes the next piece. */
enum edgekd_sample_state edgekd_sample_take(const uint8_t *piece, size_t length);

/* The number that the host gave to the sample that came last. */
uint32_t edgekd_sample_number(void);

#endif
