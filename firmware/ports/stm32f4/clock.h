/* Clocks of the STM32F405 and relatives: the core at EDGEKD_CPU_HZ, APB2 at a half and APB1 at a quarter of it. */
#ifndef EDGEKD_STM32F4_CLOCK_H
#define EDGEKD_STM32F4_CLOCK_H

#include "cortex_m.h"
#include "edgekd_config.h"

#define EDGEKD_STM32F4_APB1_HZ (EDGEKD_CPU_HZ / 4u)
#define EDGEKD_STM32F4_APB2_HZ (EDGEKD_CPU_HZ / 2u)

#define RCC 0x40023800u
#define RCC_AHB1ENR EDGEKD_REGISTER(RCC + 0x30u)
#define RCC_APB1ENR EDGEKD_REGISTER(RCC + 0x40u)
#define RCC_APB2ENR EDGEKD_REGISTER(RCC + 0x44u)

/* Runs the core from the PLL, fed by the crystal of EDGEKD_PORT_HSE_HZ or, without one, by the internal oscillator. */
void edgekd_stm32f4_start_clock(void);

#endif
