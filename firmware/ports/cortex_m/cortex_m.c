#include "cortex_m.h"

#include "port.h"

#define SCB_AIRCR 0xE000ED0Cu
#define AIRCR_KEY 0x05FA0000u
#define AIRCR_SYSRESETREQ 0x4u

/* Bounds of the stack, set by the linker script. */
extern uint32_t edgekd_stack_low[];
extern uint32_t edgekd_stack_high[];

void edgekd_port_stack(uintptr_t *low, uintptr_t *high) {
    *low = (uintptr_t)edgekd_stack_low;
    *high = (uintptr_t)edgekd_stack_high;
}

void edgekd_port_reset(void) {
    EDGEKD_REGISTER(SCB_AIRCR) = AIRCR_KEY | AIRCR_SYSRESETREQ;
    for (;;) {
        __asm__ volatile("dsb");
    }
}
