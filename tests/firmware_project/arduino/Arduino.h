/* The part of the Arduino API (docs.arduino.cc/language-reference) and of CMSIS that the firmware uses: for compiling
 * it where no Arduino core can be downloaded. */
#ifndef ARDUINO_H
#define ARDUINO_H

#include <stddef.h>
#include <stdint.h>

class HardwareSerial {
  public:
    void begin(unsigned long baud);
    int read();
    size_t write(const uint8_t *buffer, size_t size);
    void flush();
};

extern HardwareSerial Serial;

extern "C" {
uint32_t micros(void);
void yield(void);
void NVIC_SystemReset(void);
}

void setup();
void loop();

#endif
