/* The rate of the serial line, which the host may raise (PROTOCOL.md, "Baud rate"). */
#ifndef EDGEKD_BAUD_H
#define EDGEKD_BAUD_H

#include <stdbool.h>

#include "wire.h"

/* Whether the port can change it at all. */
bool edgekd_baud_is_variable(void);

/* Answers BAUD at the rate of now, then changes it. */
void edgekd_baud_change(const struct edgekd_wire_frame *request);

/* Told of every frame, so that a line on which nothing is understood goes back to EDGEKD_BAUD. */
void edgekd_baud_heard(bool intact);

#endif
