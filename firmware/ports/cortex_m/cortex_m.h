/* What every bare-metal Cortex-M port shares: start-up, interrupts, sleep, stack, restart.
 *
 * startup.c has the vector table. A port enables the interrupts it wants and handles all of them in
 * edgekd_cortex_m_interrupt(): with one or two sources, asking each is shorter than a table of its own.
 */
#ifndef EDGEKD_CORTEX_M_H
#define EDGEKD_CORTEX_M_H

#include <stdbool.h>
#include <stdint.h>

/* A device register. */
#define EDGEKD_REGISTER(address) (*(volatile uint32_t *)(address))

/* Highest interrupt number a port may enable, plus one. */
#define EDGEKD_INTERRUPTS 112u

/* Defined by the port: called for every external interrupt. */
void edgekd_cortex_m_interrupt(void);

/* Lets the external interrupt `number` through (Armv7-M ARM, B3.4.4, NVIC_ISERn). */
void edgekd_cortex_m_enable(uint32_t number);

/* Keeps it back, even while its source goes on asking (NVIC_ICERn). */
void edgekd_cortex_m_disable(uint32_t number);

/* Holds interrupts back; a held one still ends a wait. */
void edgekd_cortex_m_hold(void);
void edgekd_cortex_m_release(void);

/* Sleeps until an interrupt is pending. */
void edgekd_cortex_m_wait(void);

#endif
