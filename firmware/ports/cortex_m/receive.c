#include "receive.h"

#include <stdbool.h>

#include "cortex_m.h"
#include "port.h"
#include "ring.h"

/* Interrupt set-enable and clear-enable registers (Armv7-M ARM, B3.4.4 and B3.4.5; the same in Armv6-M and Armv8-M). */
#define NVIC_ISER(number) EDGEKD_REGISTER(0xE000E100u + 4u * ((number) / 32u))
#define NVIC_ICER(number) EDGEKD_REGISTER(0xE000E180u + 4u * ((number) / 32u))

static struct edgekd_ring received;
static uint32_t interrupt;
static volatile bool stopped; /* the ring was full: the interrupt is off until there is room again */

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

/* Moves what the UART has into the ring; false when the ring is full before the UART is empty, or just then. */
static bool take_all(void) {
    while (!edgekd_ring_is_full(&received)) {
        int byte = edgekd_uart_take();
        if (byte < 0) {
            return true;
        }
        edgekd_ring_put(&received, (uint8_t)byte);
    }
    return false;
}

/* A full ring turns the interrupt off in the NVIC and not in the UART: QEMU 7.2's models of some leave the line raised
 * then, and this handler would run for ever. */
void edgekd_cortex_m_interrupt(void) {
    if (!take_all()) {
        stopped = true;
        disable();
    }
}

/* Bytes that came while the interrupt was off are taken here: QEMU 7.2's model of the STM32 does not raise the line for
 * them again. */
int edgekd_port_read(void) {
    if (edgekd_ring_is_empty(&received)) {
        return -1;
    }
    uint8_t byte = edgekd_ring_take(&received);
    if (stopped && take_all()) {
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
