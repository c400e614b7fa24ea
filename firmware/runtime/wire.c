#include "wire.h"

#include "cobs.h"
#include "crc32.h"
#include "port.h"

#define HEADER_BYTES 8u
#define CRC_BYTES 4u

static struct edgekd_cobs_encoder encoder = {.write = edgekd_port_write};
static uint32_t sent_crc;

uint16_t edgekd_wire_u16(const uint8_t *from) {
    return (uint16_t)(from[0] | from[1] << 8);
}

uint32_t edgekd_wire_u32(const uint8_t *from) {
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static void set_u16(uint8_t *to, uint16_t value) {
    to[0] = (uint8_t)(value & 0xFFu);
    to[1] = (uint8_t)(value >> 8);
}

void edgekd_wire_set_u32(uint8_t *to, uint32_t value) {
    set_u16(to, (uint16_t)(value & 0xFFFFu));
    set_u16(to + 2, (uint16_t)(value >> 16));
}

bool edgekd_wire_open(const uint8_t *bytes, size_t length, struct edgekd_wire_frame *frame) {
    if (length < HEADER_BYTES + CRC_BYTES) {
        return false;
    }
    const size_t body = length - CRC_BYTES;
    if (edgekd_crc32(EDGEKD_CRC32_START, bytes, body) != edgekd_wire_u32(bytes + body)) {
        return false;
    }
    frame->header.type = bytes[0];
    frame->header.status = bytes[1];
    frame->header.seq = edgekd_wire_u16(bytes + 2);
    frame->header.session = edgekd_wire_u32(bytes + 4);
    frame->payload = bytes + HEADER_BYTES;
    frame->length = body - HEADER_BYTES;
    return true;
}

void edgekd_wire_begin(const struct edgekd_wire_header *header) {
    uint8_t bytes[HEADER_BYTES] = {header->type, header->status};
    set_u16(bytes + 2, header->seq);
    edgekd_wire_set_u32(bytes + 4, header->session);
    sent_crc = EDGEKD_CRC32_START;
    edgekd_cobs_begin(&encoder);
    edgekd_wire_put(bytes, sizeof bytes);
}

void edgekd_wire_put(const uint8_t *data, size_t length) {
    sent_crc = edgekd_crc32(sent_crc, data, length);
    edgekd_cobs_put(&encoder, data, length);
}

void edgekd_wire_put_u16(uint16_t value) {
    uint8_t bytes[2];
    set_u16(bytes, value);
    edgekd_wire_put(bytes, sizeof bytes);
}

void edgekd_wire_put_u32(uint32_t value) {
    uint8_t bytes[4];
    edgekd_wire_set_u32(bytes, value);
    edgekd_wire_put(bytes, sizeof bytes);
}

void edgekd_wire_end(void) {
    uint8_t bytes[CRC_BYTES];
    edgekd_wire_set_u32(bytes, sent_crc);
    edgekd_cobs_put(&encoder, bytes, sizeof bytes);
    edgekd_cobs_end(&encoder);
}

void edgekd_wire_answer(const struct edgekd_wire_header *request, enum edgekd_wire_status status) {
    const struct edgekd_wire_header header = {
        .type = (uint8_t)(request->type | EDGEKD_WIRE_ANSWER),
        .status = (uint8_t)status,
        .seq = request->seq,
        .session = request->session,
    };
    edgekd_wire_begin(&header);
    edgekd_wire_end();
}
