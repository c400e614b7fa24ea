/* UART of the Cortex-M System Design Kit. Registers: Arm DDI 0479, chapter 4.3. */
#include "cmsdk_uart.h"

#include "cortex_m.h"
#include "divisor.h"
#include "edgekd_config.h"
#include "port.h"
#include "receive.h"

#if !defined(EDGEKD_PORT_UART) || !defined(EDGEKD_PORT_UART_HZ) || !defined(EDGEKD_PORT_UART_INTERRUPT)
#error "build.options of the board profile must have uart, uart_hz and uart_interrupt"
#endif

#define UART_DATA EDGEKD_REGISTER(EDGEKD_PORT_UART + 0x00u)
#define UART_STATE EDGEKD_REGISTER(EDGEKD_PORT_UART + 0x04u)
#define UART_CTRL EDGEKD_REGISTER(EDGEKD_PORT_UART + 0x08u)
#define UART_INTCLEAR EDGEKD_REGISTER(EDGEKD_PORT_UART + 0x0Cu)
#define UART_BAUDDIV EDGEKD_REGISTER(EDGEKD_PORT_UART + 0x10u)

#define STATE_TX_FULL 0x1u
#define STATE_RX_FULL 0x2u
#define CTRL_TX_ENABLE 0x1u
#define CTRL_RX_ENABLE 0x2u
#define CTRL_RX_INTERRUPT 0x8u
#define INT_RX 0x2u
#define LEAST_DIVISOR 16u
#define MOST_DIVISOR 0xFFFFFu

void edgekd_cmsdk_uart_start(void) {
    edgekd_port_set_baud(EDGEKD_BAUD);
    UART_CTRL = CTRL_TX_ENABLE | CTRL_RX_ENABLE | CTRL_RX_INTERRUPT;
    edgekd_receive_start(EDGEKD_PORT_UART_INTERRUPT);
}

int edgekd_uart_take(void) {
    UART_INTCLEAR = INT_RX; /* first: a byte that comes after it asks again, one that was there is seen below */
    return (UART_STATE & STATE_RX_FULL) != 0u ? (int)(UART_DATA & 0xFFu) : -1;
}

bool edgekd_port_takes_baud(uint32_t rate) {
    return edgekd_divisor(EDGEKD_PORT_UART_HZ, rate, LEAST_DIVISOR, MOST_DIVISOR) != 0u;
}

void edgekd_port_set_baud(uint32_t rate) {
    UART_BAUDDIV = edgekd_divisor(EDGEKD_PORT_UART_HZ, rate, LEAST_DIVISOR, MOST_DIVISOR);
}

void edgekd_port_write(const uint8_t *data, size_t length) {
    for (size_t i = 0; i < length; i++) {
        while ((UART_STATE & STATE_TX_FULL) != 0u) {
        }
        UART_DATA = data[i];
    }
}
