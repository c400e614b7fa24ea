/* What every bare-metal Cortex-M port shares: start-up, stack and restart here, receiving in receive.h. */
#ifndef EDGEKD_CORTEX_M_H
#define EDGEKD_CORTEX_M_H

#include <stdint.h>

/* A device register. */
#define EDGEKD_REGISTER(address) (*(volatile uint32_t *)(address))

/* Highest interrupt number a port may enable, plus one. */
#define EDGEKD_INTERRUPTS 112u

/* The vector table's entry for every external interrupt: there is one source, so one handler is shorter than a table.
 */
void edgekd_cortex_m_interrupt(void);

#endif
