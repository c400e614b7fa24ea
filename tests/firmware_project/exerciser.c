/* Stands in for the server: does what one byte asks for, so that a test can exercise a port. */
#include "port.h"

#define LOOPS 1000000u

static void put_number(uint32_t value) {
    uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    edgekd_port_write(bytes, sizeof bytes);
}

/* Two instructions a loop, and one that no core knows. */
#ifdef __riscv
#define COUNT_DOWN "1: addi %0, %0, -1\n\tbnez %0, 1b"
#define UNDEFINED "unimp"
#else
#define COUNT_DOWN ".syntax unified\n1: subs %0, #1\n\tbne 1b"
#define UNDEFINED "udf #0"
#endif

static void spin(uint32_t loops) {
    __asm__ volatile(COUNT_DOWN : "+r"(loops) : : "cc");
}

static int overflow(int depth) {
    volatile int frame[8] = {depth};
    return depth == 100000 ? 0 : overflow(depth + 1) + frame[depth & 7];
}

static int next_byte(void) {
    int byte = edgekd_port_read();
    while (byte < 0) {
        edgekd_port_idle();
        byte = edgekd_port_read();
    }
    return byte;
}

/* Busy while `count` bytes arrive, then their sum. */
static void sum_after_work(uint32_t count) {
    spin(50u * LOOPS);
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum = 31u * sum + (uint32_t)next_byte();
    }
    put_number(sum);
}

int main(void) {
    edgekd_port_init();
    edgekd_port_write((const uint8_t *)"boot", 4);
    for (;;) {
        uint32_t start;
        switch (next_byte()) {
        case 'p':
            edgekd_port_write((const uint8_t *)"pong", 4);
            break;
        case 'n':
            edgekd_port_write((const uint8_t *)"next", 4);
            break;
        case 't':
            start = edgekd_port_ticks();
            spin(LOOPS);
            put_number(edgekd_port_ticks() - start);
            break;
        case 's':
            sum_after_work(5000);
            break;
        case 'o':
            put_number((uint32_t)overflow(0));
            break;
        case 'f':
            __asm__ volatile(UNDEFINED);
            break;
        case 'r':
            edgekd_port_reset();
            break;
        default:
            break;
        }
    }
}
