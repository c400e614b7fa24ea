/* Who is spoken to: the greeting, and the session that it begins (PROTOCOL.md, "Sessions"). */
#ifndef EDGEKD_SESSION_H
#define EDGEKD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

/* The number of the present session; 0 when there is none. */
uint32_t edgekd_session(void);

/* Ends the session: the host has to greet again. */
void edgekd_session_end(void);

/* Answers HELLO. setup_code: what the engine's setup returned. True when it began another session. */
bool edgekd_session_greet(const struct edgekd_wire_frame *hello, int setup_code);

#endif
