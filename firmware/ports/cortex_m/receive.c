#include "receive.h"

#include "cortex_m.h"
#include "port.h"
#include "ring.h"

/* Interrupt set-enable and clear-enable registers (Armv7-M ARM, B3.4.4 and B3.4.5; the same in Armv6-M and Armv8-M). */
#define NVIC_ISER(number) EDGEKD_REGISTER(0xE000E100u + 4u * ((number) / 32u))
#define NVIC_ICER(number) EDGEKD_REGISTER(0xE000E180u + 4u * ((number) / 32u))

static struct edgekd_ring received;
static uint32_t interrupt;
static volatile bool stopped; /* the ring was full: the interrupt is off until a byte is taken */

static void enable(void) {
    NVIC_ISER(interrupt) = 1u << (interrupt % 32u);
}

static void disable(void) {
    NVIC_ICER(interrupt) = 1u << (interrupt % 32u);
}

void edgekd_receive_start(uint32_t number) {
    interrupt = number;
    enable();
}

void edgekd_cortex_m_interrupt(void) {
    while (!edgekd_ring_is_full(&received)) {
        int byte = edgekd_uart_take();
        if (byte < 0) {
            return;
        }
        edgekd_ring_put(&received, (uint8_t)byte);
    }
    /* In the NVIC and not in the UART: QEMU 7.2's models of some UARTs leave the line raised when the interrupt is
     * turned off there, and this handler would run for ever; others forget that a byte came meanwhile. */
    stopped = true;
    disable();
}

int edgekd_port_read(void) {
    if (edgekd_ring_is_empty(&received)) {
        return -1;
    }
    uint8_t byte = edgekd_ring_take(&received);
    if (stopped) {
        stopped = false;
        enable();
    }
    return byte;
}

void edgekd_port_idle(void) {
    __asm__ volatile("cpsid i" ::: "memory"); /* an interrupt that is held back ends the sleep all the same */
    if (edgekd_ring_is_empty(&received)) {
        __asm__ volatile("dsb\n\twfi" ::: "memory");
    }
    __asm__ volatile("cpsie i" ::: "memory");
}
