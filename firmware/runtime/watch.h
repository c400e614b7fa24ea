/* The board runs samples of its own and pushes the results to a host that watches (PROTOCOL.md, "Watching"). */
#ifndef EDGEKD_WATCH_H
#define EDGEKD_WATCH_H

#include <stdbool.h>

#include "results.h"
#include "wire.h"

bool edgekd_watch_has_source(void);

/* Answers WATCH: results are to be pushed from now on, or no more. */
void edgekd_watch_set(const struct edgekd_wire_frame *request);

void edgekd_watch_stop(void);

/* Runs the next sample of the board's own with `run` and pushes its result. False when nobody watches, or there is no
 * sample yet. */
bool edgekd_watch_step(void (*run)(struct edgekd_result *result));

#endif
