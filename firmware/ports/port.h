/* What the runtime needs of a board. One folder beside this file implements it for a framework or a chip family. */
#ifndef EDGEKD_PORT_H
#define EDGEKD_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Clocks, UART at EDGEKD_BAUD, free-running counter. Called once, before everything else here. */
void edgekd_port_init(void);

/* The next received byte, or -1 when none is waiting. Never blocks. */
int edgekd_port_read(void);

/* Sleeps until a byte may be waiting, or returns at once. Call it when edgekd_port_read() had none. */
void edgekd_port_idle(void);

/* Sends every byte, waiting for the UART as long as it takes. */
void edgekd_port_write(const uint8_t *data, size_t length);

/* Whether the UART can run at `rate` bits a second; false for every rate where it cannot be changed. */
bool edgekd_port_takes_baud(uint32_t rate);

/* Runs the UART at a rate that it takes. Called when it has sent all it was given. */
void edgekd_port_set_baud(uint32_t rate);

/* A counter that runs upwards and wraps at 2^32; its rate is EDGEKD_PORT_TICK_HZ of the board profile. */
uint32_t edgekd_port_ticks(void);

/* The stack's lowest address (inclusive) and highest (exclusive): painted before main and read back by stack.c. */
void edgekd_port_stack(uintptr_t *low, uintptr_t *high);

/* Restarts the program as after power-on. */
void edgekd_port_reset(void);

#endif
