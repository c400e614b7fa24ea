/* Answers the host: PROTOCOL.md, version 1. No heap, no stdio; memory as large as EDGEKD_FRAME_BYTES, and fixed. */
#ifndef EDGEKD_SERVER_H
#define EDGEKD_SERVER_H

/* Sets the engine up. Call it once, after edgekd_port_init(). */
void edgekd_server_start(void);

/* Takes a byte that has arrived, if one has; a whole request is run and answered before it returns. */
void edgekd_server_poll(void);

#endif
