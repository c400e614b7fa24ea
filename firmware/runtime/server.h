/* Answers the host: PROTOCOL.md, version 2. No heap, no stdio; memory as large as EDGEKD_FRAME_BYTES and
 * EDGEKD_RESULT_BYTES, and fixed. */
#ifndef EDGEKD_SERVER_H
#define EDGEKD_SERVER_H

/* Sets the engine up. Call it once, after edgekd_port_init(). */
void edgekd_server_start(void);

/* Takes the bytes that have arrived, and acts on each whole frame. Returns when none is waiting; while a host watches,
 * only when the source has no sample either. */
void edgekd_server_poll(void);

#endif
