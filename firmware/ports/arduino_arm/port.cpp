// What an Arduino core leaves to the chip, on Arm: micros() as counter, the stack, the restart.
#include <Arduino.h>

extern "C" {
#include "edgekd_config.h"
#include "port.h"
}

#if !defined(__arm__)
#error "this port knows stack and reset of Arm cores only"
#endif

extern "C" {
// The heap's end and the stack's start, as newlib and the linker scripts of Arm cores name them.
void *sbrk(int increment);
extern char _estack;
}

void edgekd_port_init(void) {
    Serial.begin(EDGEKD_BAUD);
}

// What STM32 UARTs reach at usual clocks; whether a rate works shows when the host tries it.
bool edgekd_port_takes_baud(uint32_t rate) {
    return rate >= 1200 && rate <= 2000000;
}

void edgekd_port_set_baud(uint32_t rate) {
    Serial.flush();
    Serial.begin(rate);
}

void edgekd_port_idle(void) {
    yield();
}

uint32_t edgekd_port_ticks(void) {
    return micros();
}

void edgekd_port_stack(uintptr_t *low, uintptr_t *high) {
    *low = reinterpret_cast<uintptr_t>(sbrk(0));
    *high = reinterpret_cast<uintptr_t>(&_estack);
}

void edgekd_port_reset(void) {
    Serial.flush();
    NVIC_SystemReset();
}
