#include "results.h"

#include <stddef.h>
#include <string.h>

#include "crc32.h"
#include "edgekd_config.h"
#include "engine.h"
#include "session.h"
#include "wire.h"

#define HEAD_BYTES 12u
#define DIGEST_BYTES 4u
#define MOST_RESULTS 64u /* more would only lengthen what a restart costs */

_Static_assert(EDGEKD_RESULT_BYTES >= HEAD_BYTES + DIGEST_BYTES, "result_bytes is 16 or more");

/* Results as they are sent, one after another; where there is room for one alone, its head and its digest, and the
 * outputs stay in their tensors. */
static uint8_t memory[EDGEKD_RESULT_BYTES];
static uint32_t made;         /* frames of results in this session */
static uint32_t acknowledged; /* of them */

/* Bytes of a message that are left out at its start, and those that are put after them. */
struct piece {
    uint32_t skip;
    uint32_t left;
};

static uint32_t output_bytes(void) {
    uint32_t total = 0;
    for (uint16_t i = 0; i < edgekd_engine.output_count; i++) {
        total += edgekd_engine.outputs[i].bytes;
    }
    return total;
}

static uint32_t message_bytes(void) {
    return HEAD_BYTES + output_bytes() + DIGEST_BYTES;
}

static uint32_t frames_per_result(void) {
    return (message_bytes() + EDGEKD_WIRE_PIECE_BYTES - 1u) / EDGEKD_WIRE_PIECE_BYTES;
}

uint16_t edgekd_results_limit(void) {
    const uint32_t fit = EDGEKD_RESULT_BYTES / message_bytes();
    return fit < 2u ? 1u : (uint16_t)(fit < MOST_RESULTS ? fit : MOST_RESULTS);
}

static uint32_t kept(void) {
    return made / frames_per_result() - acknowledged / frames_per_result();
}

void edgekd_results_restart(void) {
    made = 0;
    acknowledged = 0;
}

bool edgekd_results_are_full(void) {
    return kept() >= edgekd_results_limit();
}

bool edgekd_results_are_empty(void) {
    return made == acknowledged;
}

uint16_t edgekd_results_next_frame(void) {
    return (uint16_t)made;
}

void edgekd_results_acknowledge(uint16_t frame) {
    const uint16_t more = (uint16_t)(frame - (uint16_t)acknowledged);
    if (more <= made - acknowledged) { /* anything else is old */
        acknowledged += more;
    }
}

static void put_run(struct piece *piece, const uint8_t *data, uint32_t length) {
    if (piece->skip >= length) {
        piece->skip -= length;
        return;
    }
    const uint32_t rest = length - piece->skip;
    const uint32_t part = rest < piece->left ? rest : piece->left;
    edgekd_wire_put(data + piece->skip, (size_t)part);
    piece->skip = 0;
    piece->left -= part;
}

static void put_from_tensors(struct piece piece, const uint8_t *head) {
    put_run(&piece, head, HEAD_BYTES);
    for (uint16_t i = 0; i < edgekd_engine.output_count; i++) {
        put_run(&piece, edgekd_engine.outputs[i].data, edgekd_engine.outputs[i].bytes);
    }
    put_run(&piece, head + HEAD_BYTES, DIGEST_BYTES);
}

/* One frame with a part of a message. number: what the payload begins with. */
static void send_part(const struct edgekd_wire_header *header, uint16_t number, uint32_t part, const uint8_t *message,
                      bool in_tensors) {
    struct piece piece = {part * EDGEKD_WIRE_PIECE_BYTES, EDGEKD_WIRE_PIECE_BYTES};
    edgekd_wire_begin(header);
    edgekd_wire_put_u16(number);
    if (in_tensors) {
        put_from_tensors(piece, message);
    } else {
        put_run(&piece, message, message_bytes());
    }
    edgekd_wire_end();
}

static void send_frame(uint32_t frame, uint16_t expected) {
    const uint16_t limit = edgekd_results_limit();
    const uint32_t result = frame / frames_per_result();
    const struct edgekd_wire_header header = {
        .type = EDGEKD_WIRE_RESULT, .seq = (uint16_t)frame, .session = edgekd_session()};
    const uint8_t *message = limit == 1u ? memory : memory + (size_t)(result % limit * message_bytes());
    send_part(&header, expected, frame % frames_per_result(), message, limit == 1u);
}

/* Writes head and digest for the outputs that the tensors hold. */
static void describe(const struct edgekd_result *result, uint8_t *head, uint8_t *digest) {
    edgekd_wire_set_u32(head, result->sample);
    edgekd_wire_set_u32(head + 4, result->ticks);
    edgekd_wire_set_u32(head + 8, (uint32_t)result->code);
    uint32_t crc = edgekd_crc32c(EDGEKD_CRC32_START, head, HEAD_BYTES);
    for (uint16_t i = 0; i < edgekd_engine.output_count; i++) {
        crc = edgekd_crc32c(crc, edgekd_engine.outputs[i].data, (size_t)edgekd_engine.outputs[i].bytes);
    }
    edgekd_wire_set_u32(digest, crc);
}

void edgekd_results_add(const struct edgekd_result *result, uint16_t expected) {
    const uint16_t limit = edgekd_results_limit();
    if (limit == 1u) {
        describe(result, memory, memory + HEAD_BYTES);
    } else {
        uint8_t *at = memory + (size_t)(made / frames_per_result() % limit * message_bytes());
        describe(result, at, at + HEAD_BYTES + output_bytes());
        at += HEAD_BYTES;
        for (uint16_t i = 0; i < edgekd_engine.output_count; i++) {
            memcpy(at, edgekd_engine.outputs[i].data, (size_t)edgekd_engine.outputs[i].bytes);
            at += edgekd_engine.outputs[i].bytes;
        }
    }
    for (uint32_t part = 0; part < frames_per_result(); part++) {
        send_frame(made++, expected);
    }
}

void edgekd_results_send_again(uint16_t expected) {
    for (uint32_t frame = acknowledged; frame != made; frame++) {
        send_frame(frame, expected);
    }
}

void edgekd_results_push(const struct edgekd_result *result) {
    uint8_t described[HEAD_BYTES + DIGEST_BYTES];
    describe(result, described, described + HEAD_BYTES);
    const struct edgekd_wire_header header = {
        .type = EDGEKD_WIRE_PUSH, .seq = (uint16_t)result->sample, .session = edgekd_session()};
    for (uint32_t part = 0; part < frames_per_result(); part++) {
        send_part(&header, (uint16_t)part, part, described, true);
    }
}
