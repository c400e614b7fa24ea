/* UART of the Cortex-M System Design Kit, which Arm's FPGA boards have; with it a port needs only a timer.
 *
 * build.options of the board profile: uart, its address; uart_hz, its clock; uart_interrupt, the number of its receive
 * interrupt.
 */
#ifndef EDGEKD_CMSDK_UART_H
#define EDGEKD_CMSDK_UART_H

/* Sends and receives at EDGEKD_BAUD from here on. */
void edgekd_cmsdk_uart_start(void);

#endif
