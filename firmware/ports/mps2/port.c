/* Arm MPS2: CMSDK UART 0 and timer 0. Registers: Arm DDI 0479, chapters 4.3 (UART) and 4.1 (timer). */
#include "port.h"

#include "cortex_m.h"
#include "edgekd_config.h"
#include "ring.h"

#define UART 0x40004000u
#define UART_DATA EDGEKD_REGISTER(UART + 0x00u)
#define UART_STATE EDGEKD_REGISTER(UART + 0x04u)
#define UART_CTRL EDGEKD_REGISTER(UART + 0x08u)
#define UART_INTCLEAR EDGEKD_REGISTER(UART + 0x0Cu)
#define UART_BAUDDIV EDGEKD_REGISTER(UART + 0x10u)
#define UART_RX_INTERRUPT 0u /* Arm DAI 0386, interrupt assignments */

#define STATE_TX_FULL 0x1u
#define STATE_RX_FULL 0x2u
#define CTRL_TX_ENABLE 0x1u
#define CTRL_RX_ENABLE 0x2u
#define CTRL_RX_INTERRUPT 0x8u
#define INT_RX 0x2u

#define TIMER 0x40000000u
#define TIMER_CTRL EDGEKD_REGISTER(TIMER + 0x00u)
#define TIMER_VALUE EDGEKD_REGISTER(TIMER + 0x04u)
#define TIMER_RELOAD EDGEKD_REGISTER(TIMER + 0x08u)
#define TIMER_CTRL_ENABLE 0x1u

static struct edgekd_ring received;
static volatile bool stopped; /* the ring was full: the interrupt is off until a byte is taken */

static void receive_interrupt(bool on) {
    UART_CTRL = CTRL_TX_ENABLE | CTRL_RX_ENABLE | (on ? CTRL_RX_INTERRUPT : 0u);
}

void edgekd_port_init(void) {
    UART_BAUDDIV = (EDGEKD_CPU_HZ + EDGEKD_BAUD / 2u) / EDGEKD_BAUD;
    receive_interrupt(true);
    edgekd_cortex_m_enable(UART_RX_INTERRUPT);
    TIMER_RELOAD = UINT32_MAX;
    TIMER_VALUE = UINT32_MAX;
    TIMER_CTRL = TIMER_CTRL_ENABLE;
}

void edgekd_cortex_m_interrupt(void) {
    UART_INTCLEAR = INT_RX;
    while ((UART_STATE & STATE_RX_FULL) != 0u) {
        if (edgekd_ring_is_full(&received)) {
            stopped = true; /* the byte waits in the UART until edgekd_port_read() makes room */
            receive_interrupt(false);
            return;
        }
        edgekd_ring_put(&received, (uint8_t)UART_DATA);
    }
}

int edgekd_port_read(void) {
    if (edgekd_ring_is_empty(&received)) {
        return -1;
    }
    uint8_t byte = edgekd_ring_take(&received);
    if (stopped) {
        edgekd_cortex_m_hold();
        stopped = false;
        receive_interrupt(true);
        edgekd_cortex_m_interrupt();
        edgekd_cortex_m_release();
    }
    return byte;
}

void edgekd_port_idle(void) {
    edgekd_cortex_m_hold();
    if (edgekd_ring_is_empty(&received)) {
        edgekd_cortex_m_wait();
    }
    edgekd_cortex_m_release();
}

void edgekd_port_write(const uint8_t *data, size_t length) {
    for (size_t i = 0; i < length; i++) {
        while ((UART_STATE & STATE_TX_FULL) != 0u) {
        }
        UART_DATA = data[i];
    }
}

uint32_t edgekd_port_ticks(void) {
    return UINT32_MAX - TIMER_VALUE; /* it counts down */
}
