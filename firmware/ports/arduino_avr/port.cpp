// What the Arduino core leaves to the chip, on AVR: a counter of cycles, sleep, the stack, the restart. Registers:
// ATmega2560 data sheet (Microchip DS40002211A), chapters 17 (timers 1 and 3), 11 (sleep) and 12 (watchdog).
#include <Arduino.h>
#include <avr/sleep.h>
#include <avr/wdt.h>
#include <util/delay.h>

extern "C" {
#include "divisor.h"
#include "edgekd_config.h"
#include "port.h"
}

// The end of .data and .bss, where a heap would begin (avr-libc, "Memory Areas and Using malloc()").
extern "C" char __heap_start;

static volatile uint16_t coarse_wraps; // of timer 3: one is 2^26 cycles

ISR(TIMER3_OVF_vect) {
    coarse_wraps++;
}

// The watchdog that restarted the program goes on at its shortest period (12.4.2): stop it before anything else.
extern "C" __attribute__((naked, used, section(".init3"))) void edgekd_stop_watchdog(void) {
    MCUSR = 0;
    wdt_disable();
}

void edgekd_port_init(void) {
    // Timer 1 counts cycles, timer 3 every 1024th. Arduino's use of timer 1 for PWM ends here, and so do delay() and
    // millis() with the interrupt of timer 0, which would take cycles from what is measured.
    TIMSK0 = 0;
    TCCR1A = 0;
    TCCR1B = 0;
    TCCR3A = 0;
    TCCR3B = 0;
    TCNT1 = 0;
    TCNT3 = 0;
    TIFR3 = _BV(TOV3); // of when the core had it run for PWM
    TIMSK3 = _BV(TOIE3);
    TCCR1B = _BV(CS10);
    TCCR3B = _BV(CS32) | _BV(CS30);
    Serial.begin(EDGEKD_BAUD);
}

#if SERIAL_RX_BUFFER_SIZE != EDGEKD_RECEIVE_BYTES
#error "the board profile's serial.receive_bytes must be the Arduino core's SERIAL_RX_BUFFER_SIZE (build.flags)"
#endif

// The core halves the UART's divider, 16 clocks a bit, wherever it can (chapter 22, U2X).
bool edgekd_port_takes_baud(uint32_t rate) {
    return edgekd_divisor(F_CPU / 8, rate, 1, 4096) != 0;
}

void edgekd_port_set_baud(uint32_t rate) {
    Serial.flush();
    Serial.begin(rate);
}

uint32_t edgekd_port_ticks(void) {
    const uint8_t state = SREG;
    cli();
    const uint16_t fine = TCNT1;
    const uint16_t coarse = TCNT3;
    uint16_t wraps = coarse_wraps;
    if ((TIFR3 & _BV(TOV3)) != 0 && coarse < 0x8000u) {
        wraps++; // it has overflowed, and its interrupt waits
    }
    SREG = state;
    // Neither their starts nor these reads were at once, so `about` is off by some cycles: of the numbers that end in
    // `fine`, the nearest.
    const uint32_t about = (static_cast<uint32_t>(wraps) << 16 | coarse) << 10;
    return about + static_cast<uint32_t>(static_cast<int16_t>(fine - static_cast<uint16_t>(about)));
}

void edgekd_port_idle(void) {
    set_sleep_mode(SLEEP_MODE_IDLE);
    cli();
    if (Serial.available() == 0) {
        sleep_enable();
        sei(); // the instruction after it runs before any interrupt (7.4.1)
        sleep_cpu();
        sleep_disable();
    }
    sei();
}

void edgekd_port_stack(uintptr_t *low, uintptr_t *high) {
    *low = reinterpret_cast<uintptr_t>(&__heap_start);
    *high = RAMEND + 1u;
}

void edgekd_port_reset(void) {
    // Time for what Serial still has to send. Asking it is no good: a stack that ran over may have run over it as well.
    _delay_ms(1000.0 * 10 * (SERIAL_TX_BUFFER_SIZE + 2) / EDGEKD_BAUD);
    cli();
    wdt_enable(WDTO_15MS);
    for (;;) {
    }
}
