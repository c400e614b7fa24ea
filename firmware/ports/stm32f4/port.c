/* ST STM32F405 and relatives: one USART, TIM2, clock from the PLL. Registers and sections: ST RM0090 rev 19. */
#include "port.h"

#include "clock.h"
#include "cortex_m.h"
#include "divisor.h"
#include "edgekd_config.h"
#include "receive.h"

#if EDGEKD_PORT_USART == 1 /* PA9 sends, PA10 receives */
#define USART 0x40011000u
#define USART_INTERRUPT 37u
#define USART_CLOCK_HZ EDGEKD_STM32F4_APB2_HZ
#define USART_ENABLE_REGISTER RCC_APB2ENR
#define USART_ENABLE_BIT 4u
#define USART_GPIO 0u
#define USART_TX_PIN 9u
#define USART_RX_PIN 10u
#define USART_ALTERNATE 7u
#elif EDGEKD_PORT_USART == 2 /* PA2 sends, PA3 receives */
#define USART 0x40004400u
#define USART_INTERRUPT 38u
#define USART_CLOCK_HZ EDGEKD_STM32F4_APB1_HZ
#define USART_ENABLE_REGISTER RCC_APB1ENR
#define USART_ENABLE_BIT 17u
#define USART_GPIO 0u
#define USART_TX_PIN 2u
#define USART_RX_PIN 3u
#define USART_ALTERNATE 7u
#elif EDGEKD_PORT_USART == 3 /* PB10 sends, PB11 receives */
#define USART 0x40004800u
#define USART_INTERRUPT 39u
#define USART_CLOCK_HZ EDGEKD_STM32F4_APB1_HZ
#define USART_ENABLE_REGISTER RCC_APB1ENR
#define USART_ENABLE_BIT 18u
#define USART_GPIO 1u
#define USART_TX_PIN 10u
#define USART_RX_PIN 11u
#define USART_ALTERNATE 7u
#elif EDGEKD_PORT_USART == 6 /* PC6 sends, PC7 receives */
#define USART 0x40011400u
#define USART_INTERRUPT 71u
#define USART_CLOCK_HZ EDGEKD_STM32F4_APB2_HZ
#define USART_ENABLE_REGISTER RCC_APB2ENR
#define USART_ENABLE_BIT 5u
#define USART_GPIO 2u
#define USART_TX_PIN 6u
#define USART_RX_PIN 7u
#define USART_ALTERNATE 8u
#else
#error "build.options.usart of the board profile must be 1, 2, 3 or 6"
#endif

#define USART_SR EDGEKD_REGISTER(USART + 0x00u)
#define USART_DR EDGEKD_REGISTER(USART + 0x04u)
#define USART_BRR EDGEKD_REGISTER(USART + 0x08u)
#define USART_CR1 EDGEKD_REGISTER(USART + 0x0Cu)
#define SR_OVERRUN 0x08u
#define SR_RX_NOT_EMPTY 0x20u
#define SR_TX_COMPLETE 0x40u
#define SR_TX_EMPTY 0x80u
#define CR1_RX_ENABLE 0x0004u
#define CR1_TX_ENABLE 0x0008u
#define CR1_RX_INTERRUPT 0x0020u
#define CR1_USART_ENABLE 0x2000u
#define LEAST_DIVISOR 16u /* RM0090 30.3.4, 16 samples a bit */
#define MOST_DIVISOR 0xFFFFu

#define GPIO (0x40020000u + 0x400u * USART_GPIO)
#define GPIO_MODER EDGEKD_REGISTER(GPIO + 0x00u)
#define GPIO_PUPDR EDGEKD_REGISTER(GPIO + 0x0Cu)
#define GPIO_AFR(pin) EDGEKD_REGISTER(GPIO + 0x20u + 4u * ((pin) / 8u))
#define MODE_ALTERNATE 2u
#define PULL_UP 1u

#define TIM2 0x40000000u
#define TIM2_CR1 EDGEKD_REGISTER(TIM2 + 0x00u)
#define TIM2_EGR EDGEKD_REGISTER(TIM2 + 0x14u)
#define TIM2_CNT EDGEKD_REGISTER(TIM2 + 0x24u)
#define TIM2_PSC EDGEKD_REGISTER(TIM2 + 0x28u)
#define TIM2_ARR EDGEKD_REGISTER(TIM2 + 0x2Cu)
#define TIM2_ENABLE_BIT 0u
#define CR1_COUNTER_ENABLE 0x1u
#define EGR_UPDATE 0x1u

static uint32_t with_field(uint32_t word, uint32_t position, uint32_t width, uint32_t value) {
    uint32_t mask = ((1u << width) - 1u) << position;
    return (word & ~mask) | (value << position);
}

static void connect_pin(uint32_t pin) {
    GPIO_AFR(pin) = with_field(GPIO_AFR(pin), 4u * (pin % 8u), 4u, USART_ALTERNATE);
    GPIO_MODER = with_field(GPIO_MODER, 2u * pin, 2u, MODE_ALTERNATE);
}

bool edgekd_port_takes_baud(uint32_t rate) {
    return edgekd_divisor(USART_CLOCK_HZ, rate, LEAST_DIVISOR, MOST_DIVISOR) != 0u;
}

void edgekd_port_set_baud(uint32_t rate) {
    USART_BRR = edgekd_divisor(USART_CLOCK_HZ, rate, LEAST_DIVISOR, MOST_DIVISOR);
}

void edgekd_port_init(void) {
    edgekd_stm32f4_start_clock();
    RCC_AHB1ENR |= 1u << USART_GPIO;
    RCC_APB1ENR |= 1u << TIM2_ENABLE_BIT;
    USART_ENABLE_REGISTER |= 1u << USART_ENABLE_BIT;
    (void)USART_ENABLE_REGISTER; /* a read lets the clock arrive before the first access (RM0090 7.3, note) */

    GPIO_PUPDR = with_field(GPIO_PUPDR, 2u * USART_RX_PIN, 2u, PULL_UP); /* an open input is silence, not noise */
    connect_pin(USART_TX_PIN);
    connect_pin(USART_RX_PIN);
    edgekd_port_set_baud(EDGEKD_BAUD);
    USART_CR1 = CR1_USART_ENABLE | CR1_TX_ENABLE | CR1_RX_ENABLE | CR1_RX_INTERRUPT;
    edgekd_receive_start(USART_INTERRUPT);

    TIM2_PSC = 0;
    TIM2_ARR = UINT32_MAX;
    TIM2_EGR = EGR_UPDATE;
    TIM2_CR1 = CR1_COUNTER_ENABLE;
}

int edgekd_uart_take(void) {
    uint32_t state = USART_SR;
    if ((state & (SR_RX_NOT_EMPTY | SR_OVERRUN)) == 0u) {
        return -1;
    }
    uint8_t byte = (uint8_t)USART_DR; /* after reading SR this also clears an overrun (RM0090 30.6.1) */
    return (state & SR_RX_NOT_EMPTY) != 0u ? byte : -1;
}

void edgekd_port_write(const uint8_t *data, size_t length) {
    for (size_t i = 0; i < length; i++) {
        while ((USART_SR & SR_TX_EMPTY) == 0u) {
        }
        USART_DR = data[i];
    }
    while ((USART_SR & SR_TX_COMPLETE) == 0u) { /* so that a restart does not cut the last byte */
    }
}

uint32_t edgekd_port_ticks(void) {
    return TIM2_CNT;
}
