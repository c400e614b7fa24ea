/* What every bare-metal RISC-V port shares: start-up and traps in startup.c, the core's counter and sleep here. */
#ifndef EDGEKD_RISCV_H
#define EDGEKD_RISCV_H

#include <stdint.h>

/* For the top of a file that names control and status registers. They are an extension (Zicsr) that every core with
 * interrupts has, and are not in -march because toolchains bring no libraries for rv32imc_zicsr. */
#define EDGEKD_RISCV_CSR __asm__(".option arch, +zicsr")

/* A device register. */
#define EDGEKD_REGISTER(address) (*(volatile uint32_t *)(address))
#define EDGEKD_BYTE_REGISTER(address) (*(volatile uint8_t *)(address))

/* Defined by the port: called for every external interrupt. */
void edgekd_riscv_interrupt(void);

/* Lets external interrupts through. */
void edgekd_riscv_enable(void);

/* Holds interrupts back; a held one still ends a wait (Privileged ISA 20211203, section 3.3.3). */
void edgekd_riscv_hold(void);
void edgekd_riscv_release(void);

/* Sleeps until an interrupt is pending. */
void edgekd_riscv_wait(void);

/* Cycles since the start, modulo 2^32. */
uint32_t edgekd_riscv_cycles(void);

#endif
