#include "cortex_m.h"

#include "port.h"

#define NVIC_ISER 0xE000E100u
#define NVIC_ICER 0xE000E180u
#define SCB_AIRCR 0xE000ED0Cu
#define AIRCR_KEY 0x05FA0000u
#define AIRCR_SYSRESETREQ 0x4u

/* Bounds of the stack, set by the linker script. */
extern uint32_t edgekd_stack_low[];
extern uint32_t edgekd_stack_high[];

void edgekd_cortex_m_enable(uint32_t number) {
    EDGEKD_REGISTER(NVIC_ISER + 4u * (number / 32u)) = 1u << (number % 32u);
}

void edgekd_cortex_m_disable(uint32_t number) {
    EDGEKD_REGISTER(NVIC_ICER + 4u * (number / 32u)) = 1u << (number % 32u);
}

void edgekd_cortex_m_hold(void) {
    __asm__ volatile("cpsid i" ::: "memory");
}

void edgekd_cortex_m_release(void) {
    __asm__ volatile("cpsie i" ::: "memory");
}

void edgekd_cortex_m_wait(void) {
    __asm__ volatile("dsb\n\twfi" ::: "memory");
}

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
