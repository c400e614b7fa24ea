/* From reset to main(): vector table, initialized data, floating-point unit, guard of the stack. */
#include "cortex_m.h"

#include "port.h"

#define SCB_VTOR 0xE000ED08u
#define SCB_CPACR 0xE000ED88u
#define CPACR_FPU_FULL (0xFu << 20) /* CP10 and CP11: floating point and MVE. Armv7-M ARM B3.2.20 */

/* Memory protection unit (Armv7-M ARM, B3.5). */
#define MPU_TYPE 0xE000ED90u
#define MPU_CTRL 0xE000ED94u
#define MPU_RNR 0xE000ED98u
#define MPU_RBAR 0xE000ED9Cu
#define MPU_RASR 0xE000EDA0u
#define TYPE_REGIONS (0xFFu << 8)
#define CTRL_ON_WITH_DEFAULT_MAP 5u
#define RASR_NO_ACCESS_256_BYTES ((1u << 28) | (7u << 1) | 1u) /* execute never, size 2^(7+1), on */

#define SYSTEM_VECTORS 16u

int main(void);
void edgekd_reset_handler(void);

/* Set by the linker script. */
extern uint32_t edgekd_stack_guard[];
extern uint32_t edgekd_stack_low[];
extern uint32_t edgekd_stack_high[];
extern const uint32_t edgekd_data_load[];
extern uint32_t edgekd_data_start[];
extern uint32_t edgekd_data_end[];
extern uint32_t edgekd_bss_start[];
extern uint32_t edgekd_bss_end[];

/* A fault leaves nothing to trust, the stack pointer least: start again, which the host sees because the board must be
 * greeted again. */
__attribute__((naked)) static void fault(void) {
    __asm__ volatile("ldr r0, =edgekd_stack_high\n\tmov sp, r0\n\tbl edgekd_port_reset");
}

/* Makes a stack that overflows a fault. On Armv6-M, which may lack both ways to say so, it is one when it leaves the
 * RAM, at whose start it lies. */
static void guard_stack(void) {
#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)
    __asm__ volatile("msr msplim, %0" ::"r"(edgekd_stack_low));
#elif !defined(__ARM_ARCH_6M__)
    if ((EDGEKD_REGISTER(MPU_TYPE) & TYPE_REGIONS) != 0u) {
        EDGEKD_REGISTER(MPU_RNR) = 0;
        EDGEKD_REGISTER(MPU_RBAR) = (uint32_t)edgekd_stack_guard;
        EDGEKD_REGISTER(MPU_RASR) = RASR_NO_ACCESS_256_BYTES;
        EDGEKD_REGISTER(MPU_CTRL) = CTRL_ON_WITH_DEFAULT_MAP;
        __asm__ volatile("dsb\n\tisb");
    }
#endif
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
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    EDGEKD_REGISTER(SCB_CPACR) |= CPACR_FPU_FULL; /* first: what follows may be compiled to vector instructions */
    __asm__ volatile("dsb\n\tisb");
#endif
    const uint32_t *source = edgekd_data_load;
    for (uint32_t *word = edgekd_data_start; word < edgekd_data_end; word++) {
        *word = *source++;
    }
    for (uint32_t *word = edgekd_bss_start; word < edgekd_bss_end; word++) {
        *word = 0;
    }
#ifndef __ARM_ARCH_6M__ /* the vectors of a Cortex-M0 are always at 0 */
    /* A boot loader may have left its own. */
    EDGEKD_REGISTER(SCB_VTOR) = (uint32_t)edgekd_vectors;
#endif
    guard_stack();
    main();
    edgekd_port_reset();
}
