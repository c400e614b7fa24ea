/* One frame of the protocol: header, payload, checksum, stuffed (PROTOCOL.md, "Frame"). */
#ifndef EDGEKD_WIRE_H
#define EDGEKD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crc32.h"

#define EDGEKD_WIRE_ANSWER 0x80u
#define EDGEKD_WIRE_OVERHEAD 12u /* bytes of a frame beside its payload: header and checksum */

struct edgekd_wire_header {
    uint8_t type;
    uint8_t status;
    uint16_t seq;
    uint32_t session;
};

/* Little-endian numbers at any address. */
uint16_t edgekd_wire_u16(const uint8_t *from);
uint32_t edgekd_wire_u32(const uint8_t *from);
void edgekd_wire_set_u32(uint8_t *to, uint32_t value);

/* Checks a received frame, which payload then points into. False: it is damaged. */
bool edgekd_wire_open(const uint8_t *frame, size_t frame_length, struct edgekd_wire_header *header,
                      const uint8_t **payload, size_t *length);

/* A frame to the host is begin, any number of puts, end. It goes out while it is being made. */
void edgekd_wire_begin(const struct edgekd_wire_header *header);
void edgekd_wire_put(const uint8_t *data, size_t length);
void edgekd_wire_put_u16(uint16_t value);
void edgekd_wire_put_u32(uint32_t value);
void edgekd_wire_end(void);

#endif
