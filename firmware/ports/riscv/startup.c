/* From reset to main(): vectors, initialized data, guard of the stack. Sections are those of the RISC-V Privileged ISA,
 * version 20211203. */
#include "port.h"
#include "riscv.h"

EDGEKD_RISCV_CSR;

#define MTVEC_VECTORED 1u
#define PMP_LOCKED_NAPOT_NO_ACCESS 0x98u /* 3.7.1: L, which holds for machine mode too, and A = 3; no R, W, X */
#define GUARD_BYTES 256u

int main(void);
void edgekd_reset_handler(void);

/* Set by the linker script. */
extern uint32_t edgekd_stack_guard[];
extern const uint32_t edgekd_data_load[];
extern uint32_t edgekd_data_start[];
extern uint32_t edgekd_data_end[];
extern uint32_t edgekd_bss_start[];
extern uint32_t edgekd_bss_end[];

/* A fault leaves nothing to trust, the stack pointer least: start again, which the host sees because the board must be
 * greeted again. */
__attribute__((naked, used)) static void fault(void) {
    __asm__ volatile("la sp, edgekd_stack_high\n\tj edgekd_port_reset");
}

__attribute__((interrupt("machine"), used)) static void interrupt(void) {
    edgekd_riscv_interrupt();
}

/* 3.1.7, vectored mode: an exception enters at the first word, interrupt n at word n; 11 is the external one of machine
 * mode, and no other is enabled. */
__attribute__((naked, aligned(256))) static void vectors(void) {
    __asm__ volatile(".option push\n\t"
                     ".option norvc\n\t"
                     ".rept 11\n\t"
                     "j fault\n\t"
                     ".endr\n\t"
                     "j interrupt\n\t"
                     ".option pop");
}

/* Makes a stack that overflows a fault (3.7.1, NAPOT regions). */
static void guard_stack(void) {
    const uint32_t region = ((uint32_t)edgekd_stack_guard >> 2) | (GUARD_BYTES / 8u - 1u);
    __asm__ volatile("csrw pmpaddr0, %0\n\tcsrw pmpcfg0, %1" ::"r"(region), "r"(PMP_LOCKED_NAPOT_NO_ACCESS));
}

__attribute__((used)) static void start(void) {
    __asm__ volatile("csrw mtvec, %0" ::"r"((uint32_t)vectors | MTVEC_VECTORED));
    const uint32_t *source = edgekd_data_load;
    for (uint32_t *word = edgekd_data_start; word < edgekd_data_end; word++) {
        *word = *source++;
    }
    for (uint32_t *word = edgekd_bss_start; word < edgekd_bss_end; word++) {
        *word = 0;
    }
    guard_stack();
    main();
    edgekd_port_reset();
}

/* The image begins with it. */
__attribute__((naked, section(".vectors"))) void edgekd_reset_handler(void) {
    __asm__ volatile("la sp, edgekd_stack_high\n\tj start");
}
