/* libFuzzer: the server on what a host may send. Checksums keep random bytes out, so an input is a list of things to
 * do:
 *
 *     what u8 | length u8 | that many bytes
 *
 * `what` modulo 4: 0 sends the bytes as they are; 1 a frame made of them (type, status, seq, payload) with the checksum
 * and the session that it needs; 2 the next piece of a sample whose digest will be right; 3 a greeting.
 *
 * Held against the server, beside what the sanitizers see: every byte that it sends is part of a whole frame with a
 * right checksum, and it never runs a model more often than samples were completed.
 */
#include <stdlib.h>
#include <string.h>

#include "cobs.h"
#include "crc32.h"
#include "edgekd_config.h"
#include "engine.h"
#include "port.h"
#include "server.h"
#include "session.h"
#include "source.h"
#include "wire.h"

#define INPUT_BYTES 100u
#define OUTPUT_BYTES 40u
#define LONGEST_FRAME (EDGEKD_FRAME_BYTES + 256u) /* a greeting may be longer than others */

static uint8_t input_a[INPUT_BYTES - 3u];
static uint8_t input_b[3];
static uint8_t output[OUTPUT_BYTES];
static const struct edgekd_tensor inputs[] = {{input_a, sizeof input_a}, {input_b, sizeof input_b}};
static const struct edgekd_tensor outputs[] = {{output, sizeof output}};
static const uint8_t sha256[32];
static unsigned runs;
static unsigned completed; /* samples, at most */

static void require(bool condition) {
    if (!condition) {
        abort();
    }
}

static int setup(void) {
    return 0;
}

static int invoke(void) {
    runs++;
    for (size_t i = 0; i < sizeof output; i++) {
        output[i] = (uint8_t)(input_a[i] + input_b[i % sizeof input_b]);
    }
    memset(input_a, 0xEE, sizeof input_a);
    return input_a[0] == output[0] ? 1 : 0;
}

const struct edgekd_engine edgekd_engine = {
    .name = "fuzzed",
    .model_sha256 = sha256,
    .input_count = 2,
    .output_count = 1,
    .inputs = inputs,
    .outputs = outputs,
    .setup = setup,
    .invoke = invoke,
};

static unsigned own_samples; /* that the source still has */

enum edgekd_source_state edgekd_source_next(bool look) {
    if (look) {
        return EDGEKD_SOURCE_READY;
    }
    if (own_samples == 0) {
        return EDGEKD_SOURCE_WAITING;
    }
    own_samples--;
    completed++;
    return EDGEKD_SOURCE_READY;
}

/* What the server hears and says. */
static uint8_t line[4u * EDGEKD_FRAME_BYTES + 1024u];
static size_t line_length;
static size_t line_taken;
static uint8_t said_bytes[LONGEST_FRAME];
static struct edgekd_cobs_decoder said = {.frame = said_bytes, .capacity = sizeof said_bytes};

int edgekd_port_read(void) {
    return line_taken < line_length ? line[line_taken++] : -1;
}

void edgekd_port_write(const uint8_t *data, size_t length) {
    for (size_t i = 0; i < length; i++) {
        const enum edgekd_cobs_result result = edgekd_cobs_decode(&said, data[i]);
        if (result != EDGEKD_COBS_MORE) {
            struct edgekd_wire_frame frame;
            require(result == EDGEKD_COBS_FRAME && edgekd_wire_open(said_bytes, said.length, &frame));
            require((frame.header.type & EDGEKD_WIRE_ANSWER) != 0u);
            edgekd_cobs_restart(&said);
        }
    }
}

void edgekd_port_init(void) {}

void edgekd_port_idle(void) {}

bool edgekd_port_takes_baud(uint32_t rate) {
    return rate % 2u == 0;
}

void edgekd_port_set_baud(uint32_t rate) {
    (void)rate;
}

uint32_t edgekd_port_ticks(void) {
    static uint32_t ticks;
    return ticks += 1000;
}

void edgekd_port_stack(uintptr_t *low, uintptr_t *high) {
    *high = (uintptr_t)__builtin_frame_address(0) + 1024u;
    *low = *high - 16384u;
}

void edgekd_port_reset(void) {}

/* A frame of its own coding, so that an error of the encoder cannot hide one of the decoder. */
static void hear(const uint8_t *data, size_t length) {
    require(length <= sizeof line - line_length);
    memcpy(line + line_length, data, length);
    line_length += length;
}

static void hear_stuffed(const uint8_t *data, size_t length) {
    uint8_t block[255];
    size_t used = 1;
    hear((const uint8_t *)"\0", 1);
    for (size_t i = 0; i <= length; i++) {
        const bool end = i == length;
        if (end || data[i] == 0 || used == 255u) {
            block[0] = (uint8_t)used;
            hear(block, used);
            const bool full = used == 255u;
            used = 1;
            if (!end && !(data[i] == 0 && !full)) {
                i--;
            }
            continue;
        }
        block[used++] = data[i];
    }
    hear((const uint8_t *)"\0", 1);
}

static void set_u32(uint8_t *to, uint32_t value) {
    for (unsigned i = 0; i < 4u; i++) {
        to[i] = (uint8_t)(value >> 8u * i);
    }
}

static void hear_frame(uint8_t type, uint8_t status, uint16_t seq, const uint8_t *payload, size_t length) {
    uint8_t frame[8 + 2 + 4 + 256];
    frame[0] = type;
    frame[1] = status;
    frame[2] = (uint8_t)(seq & 0xFFu);
    frame[3] = (uint8_t)(seq >> 8);
    set_u32(frame + 4, type == EDGEKD_WIRE_HELLO ? 0 : edgekd_session());
    memcpy(frame + 8, payload, length);
    set_u32(frame + 8 + length, edgekd_crc32(EDGEKD_CRC32_START, frame, 8 + length));
    hear_stuffed(frame, length + 12u);
}

static void listen(void) {
    while (line_taken < line_length) {
        edgekd_server_poll();
    }
    edgekd_server_poll(); /* pushes, when it is watched */
    line_length = line_taken = 0;
}

static uint16_t next_frame;
static uint8_t sample[4u + INPUT_BYTES + 4u];
static size_t sample_sent;

/* The next piece of a sample made of `data`, of a length that it tells. */
static void hear_piece(const uint8_t *data, size_t length) {
    if (sample_sent == 0) {
        memset(sample, 0, sizeof sample);
        memcpy(sample, data, length < sizeof sample - 4u ? length : sizeof sample - 4u);
        set_u32(sample + sizeof sample - 4u, edgekd_crc32c(EDGEKD_CRC32_START, sample, sizeof sample - 4u));
    }
    size_t piece = length > 0 ? data[0] % 128u : 0;
    if (piece > sizeof sample - sample_sent) {
        piece = sizeof sample - sample_sent;
    }
    uint8_t payload[2u + sizeof sample] = {length > 1u ? data[1] : 0, 0};
    memcpy(payload + 2, sample + sample_sent, piece);
    hear_frame(EDGEKD_WIRE_INPUT, 0, next_frame++, payload, 2u + piece);
    sample_sent += piece;
    if (sample_sent == sizeof sample) {
        sample_sent = 0;
        completed++;
    }
}

static void greet(uint8_t entropy) {
    const uint8_t payload[8] = {entropy};
    hear_frame(EDGEKD_WIRE_HELLO, 0, 0, payload, sizeof payload);
    next_frame = 0;
    sample_sent = 0;
}

static void act(uint8_t what, const uint8_t *data, size_t length) {
    own_samples = 3;
    switch (what % 4u) {
    case 0:
        hear(data, length);
        break;
    case 1:
        if (length >= 4u) {
            completed += data[0] == EDGEKD_WIRE_INPUT;
            hear_frame(data[0], data[1], (uint16_t)(data[2] | data[3] << 8), data + 4, length - 4u);
        }
        break;
    case 2:
        hear_piece(data, length);
        break;
    default:
        greet(what);
    }
    listen();
    require(runs <= completed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    runs = completed = 0;
    edgekd_cobs_restart(&said);
    edgekd_session_end();
    edgekd_server_start();
    greet(0xA5);
    listen();
    while (size >= 2u && size - 2u >= data[1]) {
        const size_t length = data[1];
        act(data[0], data + 2, length);
        data += 2u + length;
        size -= 2u + length;
    }
    return 0;
}
