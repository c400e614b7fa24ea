/* A model whose answers can be checked by hand, and that counts how often it ran.
 *
 * values[i] = a[i] + b[i % B] modulo 256; count = inferences since the start. The first byte of `a` can ask for
 * trouble: 126 restarts the board in the middle, 125 fails with code -3, 124 uses TOY_STACK bytes of stack, 123 logs a
 * line. TOY_MICROS: it computes so long. With TOY_COUNTS_WAITING count is of the bytes that wait for the board after
 * that.
 */
#ifdef TOY_MICROS
#define _DEFAULT_SOURCE
#include <sys/ioctl.h>
#include <unistd.h>
#endif
#include <string.h>

#include "engine.h"
#include "log.h"
#include "port.h"

#ifndef TOY_BYTES
#define TOY_BYTES 100u
#endif
#ifndef TOY_VALUES
#define TOY_VALUES TOY_BYTES
#endif
#ifndef TOY_STACK
#define TOY_STACK 9000u
#endif
#define B 3u

static uint8_t a[TOY_BYTES];
static uint8_t b[B];
static uint8_t values[TOY_VALUES];
static uint8_t count[4];

static const struct edgekd_tensor inputs[] = {{a, sizeof a}, {b, sizeof b}};
static const struct edgekd_tensor outputs[] = {{values, sizeof values}, {count, sizeof count}};
static const uint8_t model_sha256[32] = {0xAB, 0xCD};

static int setup(void) {
#ifdef TOY_SETUP_FAILS
    return -5;
#else
    return 0;
#endif
}

static void use_stack(void) {
    volatile uint8_t much[TOY_STACK];
    for (size_t i = 0; i < sizeof much; i++) {
        much[i] = (uint8_t)i;
    }
}

#ifdef TOY_COUNTS_WAITING
size_t host_port_waiting(void);

static void count_waiting(void) {
    int in_line = 0;
    ioctl(STDIN_FILENO, FIONREAD, &in_line);
    const size_t waiting = (size_t)in_line + host_port_waiting();
    for (size_t i = 0; i < sizeof count; i++) {
        count[i] = (uint8_t)(waiting >> 8u * i);
    }
}
#endif

static int invoke(void) {
    if (a[0] == 126) {
        edgekd_port_reset();
    }
    if (a[0] == 125) {
        return -3;
    }
    if (a[0] == 124) {
        use_stack();
    }
    if (a[0] == 123) {
        edgekd_log("the toy engine says \xC3\xA4");
    }
    for (size_t i = 0; i < sizeof values; i++) {
        values[i] = (uint8_t)(a[i] + b[i % B]);
    }
#ifdef TOY_MICROS
    usleep(TOY_MICROS);
#endif
#ifdef TOY_COUNTS_WAITING
    count_waiting();
#else
    for (size_t i = 0; i < sizeof count && ++count[i] == 0; i++) {
    }
#endif
    return 0;
}

const struct edgekd_engine edgekd_engine = {
    .name = "toy",
    .model_sha256 = model_sha256,
    .arena_bytes = TOY_BYTES + B + TOY_VALUES + 4,
    .input_count = 2,
    .output_count = 2,
    .inputs = inputs,
    .outputs = outputs,
    .setup = setup,
    .invoke = invoke,
};
