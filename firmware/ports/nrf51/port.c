/* Nordic nRF51: UART0, TIMER0, the crystal oscillator. Registers: nRF51 Series Reference Manual 3.0, chapters "Clock
 * management", "GPIO", "Timer/counter" and "UART". A peripheral's interrupt number is in its address, from bit 12. */
#include "port.h"

#include "cortex_m.h"
#include "edgekd_config.h"
#include "receive.h"

#if !defined(EDGEKD_PORT_TX_PIN) || !defined(EDGEKD_PORT_RX_PIN)
#error "build.options of the board profile must have tx_pin and rx_pin"
#endif

#define CLOCK 0x40000000u
#define CLOCK_HFCLKSTART EDGEKD_REGISTER(CLOCK + 0x000u)
#define CLOCK_HFCLKSTARTED EDGEKD_REGISTER(CLOCK + 0x100u)

#define UART 0x40002000u
#define UART_INTERRUPT 2u
#define UART_STARTRX EDGEKD_REGISTER(UART + 0x000u)
#define UART_STARTTX EDGEKD_REGISTER(UART + 0x008u)
#define UART_RXDRDY EDGEKD_REGISTER(UART + 0x108u)
#define UART_TXDRDY EDGEKD_REGISTER(UART + 0x11Cu)
#define UART_INTENSET EDGEKD_REGISTER(UART + 0x304u)
#define UART_ENABLE EDGEKD_REGISTER(UART + 0x500u)
#define UART_PSELTXD EDGEKD_REGISTER(UART + 0x50Cu)
#define UART_PSELRXD EDGEKD_REGISTER(UART + 0x514u)
#define UART_RXD EDGEKD_REGISTER(UART + 0x518u)
#define UART_TXD EDGEKD_REGISTER(UART + 0x51Cu)
#define UART_BAUDRATE EDGEKD_REGISTER(UART + 0x524u)
#define INTEN_RXDRDY (1u << 2)
#define ENABLE_UART 4u

#define TIMER0 0x40008000u
#define TIMER_START EDGEKD_REGISTER(TIMER0 + 0x000u)
#define TIMER_CAPTURE EDGEKD_REGISTER(TIMER0 + 0x040u)
#define TIMER_BITMODE EDGEKD_REGISTER(TIMER0 + 0x508u)
#define TIMER_PRESCALER EDGEKD_REGISTER(TIMER0 + 0x510u)
#define TIMER_CC EDGEKD_REGISTER(TIMER0 + 0x540u)
#define BITMODE_32 3u

#define GPIO 0x50000000u
#define GPIO_OUTSET EDGEKD_REGISTER(GPIO + 0x508u)
#define GPIO_PIN_CNF(pin) EDGEKD_REGISTER(GPIO + 0x700u + 4u * (pin))
#define PIN_OUTPUT 0x3u          /* and its input buffer off */
#define PIN_INPUT_PULLED_UP 0xCu /* an open input is silence, not noise */

/* 2^32 / 16 MHz a baud, in the upper 20 bits: what the manual's table of the register comes to. */
#define BAUDRATE_STEP 0x1000u
#define SLOWEST 1200u /* of the table */
#define FASTEST 1000000u

bool edgekd_port_takes_baud(uint32_t rate) {
    return rate >= SLOWEST && rate <= FASTEST;
}

void edgekd_port_set_baud(uint32_t rate) {
    const uint32_t exact = (uint32_t)(((uint64_t)rate << 32) / 16000000u);
    UART_BAUDRATE = (exact + BAUDRATE_STEP / 2u) & ~(BAUDRATE_STEP - 1u);
}

static void start_uart(void) {
    GPIO_OUTSET = 1u << EDGEKD_PORT_TX_PIN;
    GPIO_PIN_CNF(EDGEKD_PORT_TX_PIN) = PIN_OUTPUT;
    GPIO_PIN_CNF(EDGEKD_PORT_RX_PIN) = PIN_INPUT_PULLED_UP;
    UART_PSELTXD = EDGEKD_PORT_TX_PIN;
    UART_PSELRXD = EDGEKD_PORT_RX_PIN;
    edgekd_port_set_baud(EDGEKD_BAUD);
    UART_ENABLE = ENABLE_UART;
    UART_STARTTX = 1;
    UART_STARTRX = 1;
    UART_INTENSET = INTEN_RXDRDY;
    edgekd_receive_start(UART_INTERRUPT);
}

void edgekd_port_init(void) {
    CLOCK_HFCLKSTART = 1; /* the crystal: the oscillator the chip starts on is too far off for a UART */
    while (CLOCK_HFCLKSTARTED == 0u) {
    }
    start_uart();
    TIMER_BITMODE = BITMODE_32;
    TIMER_PRESCALER = 0; /* 16 MHz, the core's own clock */
    TIMER_START = 1;
}

int edgekd_uart_take(void) {
    if (UART_RXDRDY == 0u) {
        return -1;
    }
    UART_RXDRDY = 0; /* before RXD is read: reading moves the next byte of the UART's own six there */
    return (int)(UART_RXD & 0xFFu);
}

void edgekd_port_write(const uint8_t *data, size_t length) {
    for (size_t i = 0; i < length; i++) {
        UART_TXDRDY = 0;
        UART_TXD = data[i];
        while (UART_TXDRDY == 0u) { /* sent, so that a restart does not cut the last byte either */
        }
    }
}

uint32_t edgekd_port_ticks(void) {
    TIMER_CAPTURE = 1;
    return TIMER_CC;
}
