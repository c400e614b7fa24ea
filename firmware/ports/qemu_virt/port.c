/* QEMU's RISC-V machine "virt", whose addresses are those of its device tree (QEMU 7.2, hw/riscv/virt.c). Registers:
 * National Semiconductor PC16550D, section 8; RISC-V PLIC specification 1.0.0. */
#include "port.h"

#include <stdbool.h>

#include "divisor.h"
#include "edgekd_config.h"
#include "ring.h"
#include "riscv.h"

#define UART 0x10000000u
#define UART_DATA EDGEKD_BYTE_REGISTER(UART + 0u)
#define UART_DIVISOR_LOW EDGEKD_BYTE_REGISTER(UART + 0u)
#define UART_INTERRUPTS EDGEKD_BYTE_REGISTER(UART + 1u)
#define UART_DIVISOR_HIGH EDGEKD_BYTE_REGISTER(UART + 1u)
#define UART_FIFO_CONTROL EDGEKD_BYTE_REGISTER(UART + 2u)
#define UART_LINE_CONTROL EDGEKD_BYTE_REGISTER(UART + 3u)
#define UART_LINE_STATUS EDGEKD_BYTE_REGISTER(UART + 5u)
#define INTERRUPT_RECEIVED 0x01u
#define FIFO_ENABLE 0x01u
#define LINE_8N1 0x03u
#define LINE_DIVISOR_ACCESS 0x80u
#define STATUS_RECEIVED 0x01u
#define STATUS_TX_EMPTY 0x20u
#define UART_CLOCK_HZ 3686400u
#define SAMPLES_PER_BIT 16u
#define MOST_DIVISOR 0xFFFFu
#define UART_INTERRUPT 10u

/* Context 0: the first core's machine mode. */
#define PLIC 0x0C000000u
#define PLIC_PRIORITY(interrupt) EDGEKD_REGISTER(PLIC + 4u * (interrupt))
#define PLIC_ENABLE EDGEKD_REGISTER(PLIC + 0x002000u)
#define PLIC_THRESHOLD EDGEKD_REGISTER(PLIC + 0x200000u)
#define PLIC_CLAIM EDGEKD_REGISTER(PLIC + 0x200004u)

#define TEST_DEVICE 0x00100000u
#define TEST_RESET 0x7777u

static struct edgekd_ring received;
static volatile bool stopped; /* the ring was full: the interrupt is off until a byte is taken */

static uint32_t divisor_for(uint32_t rate) {
    return edgekd_divisor(UART_CLOCK_HZ / SAMPLES_PER_BIT, rate, 1, MOST_DIVISOR);
}

bool edgekd_port_takes_baud(uint32_t rate) {
    return divisor_for(rate) != 0u;
}

void edgekd_port_set_baud(uint32_t rate) {
    const uint32_t divisor = divisor_for(rate);
    UART_LINE_CONTROL = LINE_DIVISOR_ACCESS;
    UART_DIVISOR_LOW = (uint8_t)divisor;
    UART_DIVISOR_HIGH = (uint8_t)(divisor >> 8);
    UART_LINE_CONTROL = LINE_8N1;
}

void edgekd_port_init(void) {
    edgekd_port_set_baud(EDGEKD_BAUD);
    UART_FIFO_CONTROL = FIFO_ENABLE;
    UART_INTERRUPTS = INTERRUPT_RECEIVED;
    PLIC_PRIORITY(UART_INTERRUPT) = 1;
    PLIC_ENABLE = 1u << UART_INTERRUPT;
    PLIC_THRESHOLD = 0;
    edgekd_riscv_enable();
}

static void receive(void) {
    while ((UART_LINE_STATUS & STATUS_RECEIVED) != 0u) {
        if (edgekd_ring_is_full(&received)) {
            stopped = true; /* the byte waits in the UART until edgekd_port_read() makes room */
            UART_INTERRUPTS = 0;
            return;
        }
        edgekd_ring_put(&received, UART_DATA);
    }
}

void edgekd_riscv_interrupt(void) {
    const uint32_t claimed = PLIC_CLAIM;
    receive();
    PLIC_CLAIM = claimed;
}

int edgekd_port_read(void) {
    if (edgekd_ring_is_empty(&received)) {
        return -1;
    }
    uint8_t byte = edgekd_ring_take(&received);
    if (stopped) {
        stopped = false;
        UART_INTERRUPTS = INTERRUPT_RECEIVED; /* at once, for the byte that waits */
    }
    return byte;
}

void edgekd_port_idle(void) {
    edgekd_riscv_hold();
    if (edgekd_ring_is_empty(&received)) {
        edgekd_riscv_wait();
    }
    edgekd_riscv_release();
}

void edgekd_port_write(const uint8_t *data, size_t length) {
    for (size_t i = 0; i < length; i++) {
        while ((UART_LINE_STATUS & STATUS_TX_EMPTY) == 0u) {
        }
        UART_DATA = data[i];
    }
}

uint32_t edgekd_port_ticks(void) {
    return edgekd_riscv_cycles();
}

void edgekd_port_reset(void) {
    EDGEKD_REGISTER(TEST_DEVICE) = TEST_RESET;
    for (;;) {
    }
}
