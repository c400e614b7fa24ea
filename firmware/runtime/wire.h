/* One frame of the protocol: header, payload, checksum, stuffed (PROTOCOL.md, "Frame"). */
#ifndef EDGEKD_WIRE_H
#define EDGEKD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgekd_config.h"

#define EDGEKD_WIRE_OVERHEAD 12u /* bytes of a frame beside its payload: header and checksum */
#define EDGEKD_WIRE_ACK_BYTES 2u /* at the start of the payload of frames that acknowledge */

/* The longest piece of a sample or result in one frame. */
#define EDGEKD_WIRE_PIECE_BYTES (EDGEKD_FRAME_BYTES - EDGEKD_WIRE_OVERHEAD - EDGEKD_WIRE_ACK_BYTES)

_Static_assert(EDGEKD_FRAME_BYTES >= 64u && EDGEKD_FRAME_BYTES <= 65535u, "frames are 64 to 65535 bytes");

/* Requests of the host. The answer to one has its type with ANSWER. */
enum edgekd_wire_type {
    EDGEKD_WIRE_HELLO = 1,
    EDGEKD_WIRE_INPUT = 2,
    EDGEKD_WIRE_SYNC = 3,
    EDGEKD_WIRE_STATS = 4,
    EDGEKD_WIRE_RESET = 5,
    EDGEKD_WIRE_BAUD = 6,
    EDGEKD_WIRE_ECHO = 7,
    EDGEKD_WIRE_WATCH = 8,
    EDGEKD_WIRE_ANSWER = 0x80,
    EDGEKD_WIRE_NOTICE = 0x80, /* of a frame whose type cannot be known */
    EDGEKD_WIRE_RESULT = 0x90,
    EDGEKD_WIRE_PUSH = 0x91,
    EDGEKD_WIRE_LOG = 0x92,
};

enum edgekd_wire_status {
    EDGEKD_WIRE_DONE = 0,
    EDGEKD_WIRE_NOT_GREETED = 1,
    EDGEKD_WIRE_DAMAGED = 2,
    EDGEKD_WIRE_TOO_LONG = 3,
    EDGEKD_WIRE_GAP = 4,
    EDGEKD_WIRE_SAMPLE_DAMAGED = 5,
    EDGEKD_WIRE_NO_ROOM = 6,
    EDGEKD_WIRE_UNKNOWN_REQUEST = 7,
    EDGEKD_WIRE_WRONG_LENGTH = 8,
    EDGEKD_WIRE_UNSUPPORTED = 9,
};

struct edgekd_wire_header {
    uint8_t type;
    uint8_t status; /* of an answer; of SYNC: flags */
    uint16_t seq;
    uint32_t session;
};

/* A frame that came. */
struct edgekd_wire_frame {
    struct edgekd_wire_header header;
    const uint8_t *payload;
    size_t length; /* of the payload */
};

/* Little-endian numbers at any address. */
uint16_t edgekd_wire_u16(const uint8_t *from);
uint32_t edgekd_wire_u32(const uint8_t *from);
void edgekd_wire_set_u32(uint8_t *to, uint32_t value);

/* Checks a received frame, which frame->payload then points into. False: it is damaged. */
bool edgekd_wire_open(const uint8_t *bytes, size_t length, struct edgekd_wire_frame *frame);

/* A frame to the host is begin, any number of puts, end. It goes out while it is being made. */
void edgekd_wire_begin(const struct edgekd_wire_header *header);
void edgekd_wire_put(const uint8_t *data, size_t length);
void edgekd_wire_put_u16(uint16_t value);
void edgekd_wire_put_u32(uint32_t value);
void edgekd_wire_end(void);

/* The answer to `request` that is a status alone. */
void edgekd_wire_answer(const struct edgekd_wire_header *request, enum edgekd_wire_status status);

#endif
