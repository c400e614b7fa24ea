/* Answers the host: PROTOCOL.md, version 2. No heap, no stdio; memory as large as EDGEKD_FRAME_BYTES and
 * EDGEKD_RESULT_BYTES, and fixed. */
#ifndef EDGEKD_SERVER_H
#define EDGEKD_SERVER_H

/* Sets the engine up. Call it once, after edgekd_port_init(). */
void edgekd_server_start(void);

/* Takes a byte that has arrived, if one has; a whole frame is acted on before it returns. While a host watches it
 * returns when a byte has arrived or the source has no sample. */
void edgekd_server_poll(void);

#endif
