#include "session.h"

#include <string.h>

#include "baud.h"
#include "crc32.h"
#include "edgekd_config.h"
#include "engine.h"
#include "port.h"
#include "results.h"
#include "watch.h"

#define PROTOCOL_VERSION 2u
#define ENTROPY_BYTES 8u
#define CAN_CHANGE_BAUD 1u
#define HAS_SOURCE 2u

static bool greeted; /* since the start */
static uint8_t boot_nonce[ENTROPY_BYTES];
static uint32_t session;

uint32_t edgekd_session(void) {
    return session;
}

void edgekd_session_end(void) {
    session = 0;
}

static void put_text(const char *text) {
    const uint8_t length = (uint8_t)strlen(text);
    edgekd_wire_put(&length, 1);
    edgekd_wire_put((const uint8_t *)text, length);
}

static void put_sizes(const struct edgekd_tensor *tensors, uint16_t count) {
    for (uint16_t i = 0; i < count; i++) {
        edgekd_wire_put_u32(tensors[i].bytes);
    }
}

static void send_greeting(const uint8_t *entropy, uint16_t seq, int setup_code) {
    const struct edgekd_engine *engine = &edgekd_engine;
    const struct edgekd_wire_header header = {
        .type = EDGEKD_WIRE_HELLO | EDGEKD_WIRE_ANSWER, .seq = seq, .session = session};
    edgekd_wire_begin(&header);
    edgekd_wire_put(entropy, ENTROPY_BYTES);
    edgekd_wire_put(boot_nonce, ENTROPY_BYTES);
    edgekd_wire_put_u16(PROTOCOL_VERSION);
    edgekd_wire_put_u16(EDGEKD_FRAME_BYTES);
    edgekd_wire_put_u32(EDGEKD_RECEIVE_BYTES - 1u); /* a ring keeps one place empty */
    edgekd_wire_put_u16(edgekd_results_limit());
    edgekd_wire_put_u16(
        (uint16_t)((edgekd_baud_is_variable() ? CAN_CHANGE_BAUD : 0u) | (edgekd_watch_has_source() ? HAS_SOURCE : 0u)));
    edgekd_wire_put_u32(engine->arena_bytes);
    edgekd_wire_put_u32((uint32_t)setup_code);
    edgekd_wire_put_u16(engine->input_count);
    edgekd_wire_put_u16(engine->output_count);
    edgekd_wire_put(engine->model_sha256, 32);
    put_text(engine->name);
    put_text(EDGEKD_BUILD_ID);
    put_sizes(engine->inputs, engine->input_count);
    put_sizes(engine->outputs, engine->output_count);
    edgekd_wire_end();
}

bool edgekd_session_greet(const struct edgekd_wire_frame *hello, int setup_code) {
    if (hello->length != ENTROPY_BYTES) {
        edgekd_wire_answer(&hello->header, EDGEKD_WIRE_WRONG_LENGTH);
        return false;
    }
    if (!greeted) {
        /* An emulated board starts the same way each time: what tells two starts apart comes from the host. */
        memcpy(boot_nonce, hello->payload, ENTROPY_BYTES);
        edgekd_wire_set_u32(boot_nonce, edgekd_wire_u32(boot_nonce) ^ edgekd_port_ticks());
        greeted = true;
    }
    uint32_t crc = edgekd_crc32(EDGEKD_CRC32_START, boot_nonce, ENTROPY_BYTES);
    crc = edgekd_crc32(crc, hello->payload, ENTROPY_BYTES);
    const uint32_t wanted = crc != 0 ? crc : 1u;
    const bool another = wanted != session;
    session = wanted;
    send_greeting(hello->payload, hello->header.seq, setup_code);
    return another;
}
