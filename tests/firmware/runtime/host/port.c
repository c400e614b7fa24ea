/* A platform port for the host: the UART is stdin and stdout, a restart is the program run anew. SIGUSR1 restarts it
 * whatever it is doing, like a reset button. */
#define _GNU_SOURCE
#include "port.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#ifndef STACK_BYTES
#define STACK_BYTES 65536u
#endif
#ifndef TICKS_PER_READING
#define TICKS_PER_READING 7u
#endif

static uint8_t received[4096];
static size_t taken;
static size_t waiting;

static void restart(int signal_number) {
    (void)signal_number;
    edgekd_port_reset();
}

void edgekd_port_init(void) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL); /* the program may have been run anew from within the signal's handler */
    signal(SIGUSR1, restart);
    signal(SIGPIPE, SIG_IGN); /* writing fails, then, and the program ends */
}

static void fetch(int timeout) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (taken < waiting || poll(&input, 1, timeout) <= 0) {
        return;
    }
    ssize_t length = read(STDIN_FILENO, received, sizeof received);
    if (length <= 0) {
        exit(0); /* the host has gone */
    }
    taken = 0;
    waiting = (size_t)length;
}

/* Bytes that were received and not taken yet: the receive buffer of a real port. */
size_t host_port_waiting(void);

size_t host_port_waiting(void) {
    return waiting - taken;
}

int edgekd_port_read(void) {
    fetch(0);
    return taken < waiting ? received[taken++] : -1;
}

void edgekd_port_idle(void) {
    fetch(-1);
}

void edgekd_port_write(const uint8_t *data, size_t length) {
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, data, length);
        if (written <= 0) {
            exit(0);
        }
        data += written;
        length -= (size_t)written;
    }
}

/* A pseudo-terminal carries bytes at any rate, and keeps the one that was set: a test compares both ends'. */
bool edgekd_port_takes_baud(uint32_t rate) {
    struct termios line;
    return tcgetattr(STDIN_FILENO, &line) == 0 && cfsetspeed(&line, rate) == 0;
}

void edgekd_port_set_baud(uint32_t rate) {
    struct termios line;
    usleep(50000); /* until what was sent has been read: it went out at the rate of before */
    if (tcgetattr(STDIN_FILENO, &line) == 0 && cfsetspeed(&line, rate) == 0) {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &line);
    }
}

uint32_t edgekd_port_ticks(void) {
    static uint32_t ticks;
    return ticks += TICKS_PER_READING;
}

void edgekd_port_stack(uintptr_t *low, uintptr_t *high) {
    static uintptr_t top; /* near the first caller, which is main */
    if (top == 0) {
        top = (uintptr_t)__builtin_frame_address(0) + 1024u;
    }
    *low = top - STACK_BYTES;
    *high = top;
}

void edgekd_port_reset(void) {
    signal(SIGUSR1, SIG_IGN); /* kept by the program that follows, so that pressing twice is as good as once */
    execl("/proc/self/exe", "board", (char *)NULL);
    abort();
}
