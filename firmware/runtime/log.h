/* Lines for a person, over the line that carries the results (PROTOCOL.md, "Log"). */
#ifndef EDGEKD_LOG_H
#define EDGEKD_LOG_H

/* Sends `text`, UTF-8, to the host, which logs it; what does not fit into a frame is cut off. Lost when no host has
 * greeted the board. Call it from the main loop and from what it calls (engine, source), not from an interrupt. */
void edgekd_log(const char *text);

#endif
