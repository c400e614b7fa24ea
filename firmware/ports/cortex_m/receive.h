/* The receiving half of a port: the UART's interrupt fills a ring, which edgekd_port_read() empties.
 *
 * While the ring is full the interrupt is held back and bytes wait in the UART; over a serial line that carries no
 * flow control more of them than the UART keeps are lost, an emulated line waits as long as it takes.
 */
#ifndef EDGEKD_RECEIVE_H
#define EDGEKD_RECEIVE_H

#include <stdint.h>

/* Defined by the port, called from the interrupt: the next byte the UART has, or -1. Whatever made the UART ask for the
 * interrupt is cleared with it, so that it asks again only for another byte. */
int edgekd_uart_take(void);

/* Lets the UART's interrupt `number` through; the UART is ready to receive. */
void edgekd_receive_start(uint32_t number);

#endif
