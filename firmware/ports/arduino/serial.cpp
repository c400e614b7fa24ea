// Any Arduino core: the serial port behind USB or the UART named Serial.
#include <Arduino.h>

extern "C" {
#include "edgekd_config.h"
#include "port.h"
}

int edgekd_port_read(void) {
    return Serial.read();
}

void edgekd_port_write(const uint8_t *data, size_t length) {
    while (length > 0) {
        const size_t taken = Serial.write(data, length); // a USB port may take less than it is given
        data += taken;
        length -= taken;
    }
}
