/* Runs the image of an AVR in simavr, one of its UARTs on a TCP socket.
 *
 *     run_avr MCU HZ UART IMAGE LISTENER
 *
 * MCU: as simavr names it. UART: its digit. IMAGE: an ELF file. LISTENER: the number of an inherited, listening socket.
 * One connection at a time, any number in turn; what the AVR sends while nobody is connected is lost.
 *
 * Time is the AVR's own: it runs as fast as this machine can and waits only where it sleeps with nothing to receive.
 * Bytes take as long on their way as the baud rate says.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>

#define SLICE 10000u     /* instructions between two looks at the socket */
#define QUIET_MILLIS 20u /* of the AVR's time without a byte before it is idle: five bytes at 2400 baud */
#define WAIT_MILLIS 100  /* at most, for the host while the AVR is idle */
#define BUFFER_BYTES 4096u

struct line {
    int listener;
    int connection; /* -1: nobody is connected */
    avr_irq_t *uart;
    bool ready; /* the UART takes a byte */
    uint8_t received[BUFFER_BYTES];
    size_t length;
    size_t taken;
    uint8_t sent[BUFFER_BYTES];
    size_t pending;
    avr_cycle_count_t last_byte; /* when one went either way */
};

static struct line line = {.connection = -1};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void disconnect(void) {
    close(line.connection);
    line.connection = -1;
    line.length = 0;
    line.taken = 0;
    line.pending = 0;
}

static void send_pending(void) {
    size_t done = 0;
    while (done < line.pending && line.connection >= 0) {
        ssize_t count = send(line.connection, line.sent + done, line.pending - done, MSG_NOSIGNAL);
        if (count >= 0) {
            done += (size_t)count;
        } else if (errno != EINTR) {
            disconnect();
        }
    }
    line.pending = 0;
}

static void on_output(avr_irq_t *irq, uint32_t value, void *avr) {
    (void)irq;
    if (line.pending == BUFFER_BYTES) {
        send_pending();
    }
    line.sent[line.pending++] = (uint8_t)value;
    line.last_byte = ((avr_t *)avr)->cycle;
}

/* The UART says so again and again while it has room, and once when it has not, maybe in the middle of a byte given. */
static void on_ready(avr_irq_t *irq, uint32_t value, void *avr) {
    (void)irq;
    (void)value;
    line.ready = true;
    while (line.ready && line.taken < line.length) {
        line.last_byte = ((avr_t *)avr)->cycle;
        avr_raise_irq(line.uart + UART_IRQ_INPUT, line.received[line.taken++]);
    }
}

static void on_full(avr_irq_t *irq, uint32_t value, void *avr) {
    (void)irq;
    (void)value;
    (void)avr;
    line.ready = false;
}

static void accept_host(void) {
    line.connection = accept(line.listener, NULL, NULL);
    if (line.connection >= 0) {
        int on = 1;
        (void)setsockopt(line.connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
}

/* Carries bytes between socket and UART; waits up to `millis` for the host. */
static void serve(avr_t *avr, int millis) {
    send_pending();
    if (line.taken < line.length) {
        if (line.ready) {
            on_ready(NULL, 0, avr);
        }
        return;
    }
    struct pollfd wanted = {.fd = line.connection >= 0 ? line.connection : line.listener, .events = POLLIN};
    if (poll(&wanted, 1, millis) <= 0) {
        return;
    }
    if (line.connection < 0) {
        accept_host();
        return;
    }
    ssize_t count = recv(line.connection, line.received, BUFFER_BYTES, 0);
    if (count <= 0) {
        disconnect();
        return;
    }
    line.length = (size_t)count;
    line.taken = 0;
    if (line.ready) {
        on_ready(NULL, 0, avr);
    }
}

/* simavr calls it instead of sleeping: the AVR sleeps, and its clock moves on at once when this returns. */
static void on_sleep(avr_t *avr, avr_cycle_count_t cycles) {
    (void)cycles;
    bool quiet = avr->cycle - line.last_byte > avr->frequency / 1000u * QUIET_MILLIS;
    serve(avr, quiet ? WAIT_MILLIS : 0);
}

static void connect_uart(avr_t *avr, char name) {
    uint32_t flags = 0; /* neither a copy on stdout nor pauses where the program polls */
    avr_ioctl(avr, (uint32_t)AVR_IOCTL_UART_SET_FLAGS(name), &flags);
    line.uart = avr_io_getirq(avr, (uint32_t)AVR_IOCTL_UART_GETIRQ(name), 0);
    if (line.uart == NULL) {
        fprintf(stderr, "%s has no UART %c\n", avr->mmcu, name);
        exit(1);
    }
    avr_irq_register_notify(line.uart + UART_IRQ_OUTPUT, on_output, avr);
    avr_irq_register_notify(line.uart + UART_IRQ_OUT_XON, on_ready, avr);
    avr_irq_register_notify(line.uart + UART_IRQ_OUT_XOFF, on_full, avr);
}

int main(int count, char **arguments) {
    if (count != 6) {
        fprintf(stderr, "run_avr MCU HZ UART IMAGE LISTENER\n");
        return 2;
    }
    elf_firmware_t firmware = {0};
    if (elf_read_firmware(arguments[4], &firmware) != 0) {
        fprintf(stderr, "%s: not an image of an AVR\n", arguments[4]);
        return 1;
    }
    avr_t *avr = avr_make_mcu_by_name(arguments[1]);
    if (avr == NULL) {
        fprintf(stderr, "simavr knows no %s\n", arguments[1]);
        return 1;
    }
    avr_init(avr);
    avr->frequency = (uint32_t)strtoul(arguments[2], NULL, 10);
    avr_load_firmware(avr, &firmware);
    avr->sleep = on_sleep;
    connect_uart(avr, arguments[3][0]);
    line.listener = (int)strtol(arguments[5], NULL, 10);
    if (fcntl(line.listener, F_GETFD) < 0) {
        fail("LISTENER");
    }
    for (;;) {
        for (unsigned i = 0; i < SLICE; i++) {
            int state = avr_run(avr);
            if (state == cpu_Done || state == cpu_Crashed) {
                fprintf(stderr, "the AVR %s at 0x%x\n", state == cpu_Done ? "stopped" : "crashed", (unsigned)avr->pc);
                return 1;
            }
        }
        serve(avr, 0);
    }
}
