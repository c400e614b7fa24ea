// Any Arduino core: the serial port behind USB or the UART named Serial, and micros().
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

int edgekd_port_read(void) {
    return Serial.read();
}

void edgekd_port_idle(void) {
    yield();
}

void edgekd_port_write(const uint8_t *data, size_t length) {
    while (length > 0) {
        const size_t taken = Serial.write(data, length); // a USB port may take less than it is given
        data += taken;
        length -= taken;
    }
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
