/* ST RM0090 rev 19: clock tree 7.2, RCC registers 7.3, flash wait states 3.5.1. */
#include "clock.h"

#define RCC_CR EDGEKD_REGISTER(RCC + 0x00u)
#define RCC_PLLCFGR EDGEKD_REGISTER(RCC + 0x04u)
#define RCC_CFGR EDGEKD_REGISTER(RCC + 0x08u)
#define FLASH_ACR EDGEKD_REGISTER(0x40023C00u)

#define CR_HSI_READY (1u << 1)
#define CR_HSE_ON (1u << 16)
#define CR_HSE_READY (1u << 17)
#define CR_PLL_ON (1u << 24)
#define CR_PLL_READY (1u << 25)

#ifdef EDGEKD_PORT_HSE_HZ
#define PLL_INPUT_HZ EDGEKD_PORT_HSE_HZ
#define PLL_FROM_HSE (1u << 22)
#else
#define PLL_INPUT_HZ 16000000u
#define PLL_FROM_HSE 0u
#endif

/* The PLL's input is divided to 1 MHz, multiplied to twice the core's clock and halved: P = 2. Q = 7 keeps the unused
 * 48 MHz output below its limit. */
#define PLL_M (PLL_INPUT_HZ / 1000000u)
#define PLL_N (2u * (EDGEKD_CPU_HZ / 1000000u))
#define PLL_Q 7u
#define PLLCFGR_RESERVED 0xF0000000u /* keep at its reset value */

#if EDGEKD_CPU_HZ > 168000000 || EDGEKD_CPU_HZ < 50000000 || EDGEKD_CPU_HZ % 1000000 != 0
#error "cpu.clock_hz of the board profile must be whole megahertz from 50 to 168"
#endif
#if PLL_INPUT_HZ % 1000000 != 0
#error "build.options.hse_hz of the board profile must be whole megahertz"
#endif

#define CFGR_APB1_BY_4 (5u << 10)
#define CFGR_APB2_BY_2 (4u << 13)
#define CFGR_FROM_PLL 2u
#define CFGR_STATE_MASK (3u << 2)
#define CFGR_STATE_PLL (2u << 2)

#define ACR_WAIT_STATES ((EDGEKD_CPU_HZ - 1u) / 30000000u) /* at 2.7 V to 3.6 V, table 10 */
#define ACR_PREFETCH_AND_CACHES (7u << 8)

void edgekd_stm32f4_start_clock(void) {
    if ((RCC_CR & CR_HSI_READY) == 0u) {
        return; /* silicon starts on this oscillator, so it is always ready: this is QEMU, which has no clock tree */
    }
#ifdef EDGEKD_PORT_HSE_HZ
    RCC_CR |= CR_HSE_ON;
    while ((RCC_CR & CR_HSE_READY) == 0u) {
    }
#endif
    RCC_PLLCFGR = (RCC_PLLCFGR & PLLCFGR_RESERVED) | PLL_M | (PLL_N << 6) | PLL_FROM_HSE | (PLL_Q << 24);
    RCC_CR |= CR_PLL_ON;
    FLASH_ACR = ACR_WAIT_STATES | ACR_PREFETCH_AND_CACHES;
    while ((RCC_CR & CR_PLL_READY) == 0u) {
    }
    RCC_CFGR = CFGR_APB1_BY_4 | CFGR_APB2_BY_2;
    RCC_CFGR = CFGR_APB1_BY_4 | CFGR_APB2_BY_2 | CFGR_FROM_PLL;
    while ((RCC_CFGR & CFGR_STATE_MASK) != CFGR_STATE_PLL) {
    }
}
