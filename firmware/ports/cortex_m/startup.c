/* From reset to main(): vector table, initialized data, floating-point unit. */
#include "cortex_m.h"

#include "port.h"

#define SCB_VTOR 0xE000ED08u
#define SCB_CPACR 0xE000ED88u
#define CPACR_FPU_FULL (0xFu << 20) /* CP10 and CP11, Armv7-M ARM B3.2.20 */

#define SYSTEM_VECTORS 16u

int main(void);
void edgekd_reset_handler(void);

/* Set by the linker script. */
extern uint32_t edgekd_stack_high[];
extern const uint32_t edgekd_data_load[];
extern uint32_t edgekd_data_start[];
extern uint32_t edgekd_data_end[];
extern uint32_t edgekd_bss_start[];
extern uint32_t edgekd_bss_end[];

/* A fault leaves nothing to trust: start again, which the host sees because the board must be greeted again. */
static void fault(void) {
    edgekd_port_reset();
}

union vector {
    void (*handler)(void);
    uint32_t *stack;
};

extern const union vector edgekd_vectors[];

__attribute__((section(".vectors"), used, aligned(512)))
const union vector edgekd_vectors[SYSTEM_VECTORS + EDGEKD_INTERRUPTS] = {
    [0] = {.stack = edgekd_stack_high},
    [1] = {.handler = edgekd_reset_handler},
    [2 ... SYSTEM_VECTORS - 1u] = {.handler = fault},
    [SYSTEM_VECTORS... SYSTEM_VECTORS + EDGEKD_INTERRUPTS - 1u] = {.handler = edgekd_cortex_m_interrupt},
};

void edgekd_reset_handler(void) {
    const uint32_t *source = edgekd_data_load;
    for (uint32_t *word = edgekd_data_start; word < edgekd_data_end; word++) {
        *word = *source++;
    }
    for (uint32_t *word = edgekd_bss_start; word < edgekd_bss_end; word++) {
        *word = 0;
    }
    EDGEKD_REGISTER(SCB_VTOR) = (uint32_t)edgekd_vectors; /* a boot loader may have left its own */
#ifdef __ARM_FP
    EDGEKD_REGISTER(SCB_CPACR) |= CPACR_FPU_FULL;
    __asm__ volatile("dsb\n\tisb");
#endif
    main();
    edgekd_port_reset();
}
