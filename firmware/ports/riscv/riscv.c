#include "riscv.h"

#include "port.h"

EDGEKD_RISCV_CSR;

/* Fields of control and status registers (Privileged ISA 20211203, sections 3.1.6 and 3.1.9). */
#define MSTATUS_MIE 8u
#define MIE_EXTERNAL (1u << 11)

/* Bounds of the stack, set by the linker script. */
extern uint32_t edgekd_stack_low[];
extern uint32_t edgekd_stack_high[];

void edgekd_riscv_enable(void) {
    __asm__ volatile("csrs mie, %0" ::"r"(MIE_EXTERNAL));
    edgekd_riscv_release();
}

void edgekd_riscv_hold(void) {
    __asm__ volatile("csrci mstatus, %0" ::"i"(MSTATUS_MIE) : "memory");
}

void edgekd_riscv_release(void) {
    __asm__ volatile("csrsi mstatus, %0" ::"i"(MSTATUS_MIE) : "memory");
}

void edgekd_riscv_wait(void) {
    __asm__ volatile("wfi" ::: "memory");
}

uint32_t edgekd_riscv_cycles(void) {
    uint32_t cycles;
    __asm__ volatile("csrr %0, mcycle" : "=r"(cycles));
    return cycles;
}

void edgekd_port_stack(uintptr_t *low, uintptr_t *high) {
    *low = (uintptr_t)edgekd_stack_low;
    *high = (uintptr_t)edgekd_stack_high;
}
