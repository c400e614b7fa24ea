#include "sample.h"

#include <string.h>

#include "crc32.h"
#include "engine.h"
#include "wire.h"

#define NUMBER_BYTES 4u
#define DIGEST_BYTES 4u

static uint32_t taken; /* bytes of the sample so far */
static uint8_t number[NUMBER_BYTES];
static uint8_t told[DIGEST_BYTES];
static uint32_t digest;

/* The input tensors as one run of bytes, of which those from `at` on are written; how many there were. */
static uint32_t write_inputs(uint32_t at, const uint8_t *from, uint32_t length) {
    uint32_t written = 0;
    for (uint16_t i = 0; i < edgekd_engine.input_count; i++) {
        const struct edgekd_tensor *tensor = &edgekd_engine.inputs[i];
        if (at >= tensor->bytes) {
            at -= tensor->bytes;
            continue;
        }
        const uint32_t room = tensor->bytes - at;
        const uint32_t part = length - written < room ? length - written : room;
        memcpy((uint8_t *)tensor->data + at, from + written, (size_t)part);
        written += part;
        at = 0;
    }
    return written;
}

static uint32_t input_bytes(void) {
    uint32_t total = 0;
    for (uint16_t i = 0; i < edgekd_engine.input_count; i++) {
        total += edgekd_engine.inputs[i].bytes;
    }
    return total;
}

void edgekd_sample_restart(void) {
    taken = 0;
    digest = EDGEKD_CRC32_START;
}

bool edgekd_sample_is_new(void) {
    return taken == 0;
}

uint32_t edgekd_sample_number(void) {
    return edgekd_wire_u32(number);
}

enum edgekd_sample_state edgekd_sample_take(const uint8_t *piece, size_t length) {
    const uint32_t inputs = input_bytes();
    const uint32_t total = NUMBER_BYTES + inputs + DIGEST_BYTES;
    if (length > total - taken) {
        return EDGEKD_SAMPLE_OVER;
    }
    const uint8_t *const end = piece + length;
    while (piece < end && taken < NUMBER_BYTES) {
        number[taken++] = *piece;
        digest = edgekd_crc32c(digest, piece++, 1);
    }
    if (piece < end && taken < NUMBER_BYTES + inputs) {
        const uint32_t written = write_inputs(taken - NUMBER_BYTES, piece, (uint32_t)(end - piece));
        digest = edgekd_crc32c(digest, piece, (size_t)written);
        taken += written;
        piece += written;
    }
    while (piece < end) {
        told[taken++ - NUMBER_BYTES - inputs] = *piece++;
    }
    if (taken < total) {
        return EDGEKD_SAMPLE_MORE;
    }
    const bool right = edgekd_wire_u32(told) == digest;
    edgekd_sample_restart();
    return right ? EDGEKD_SAMPLE_COMPLETE : EDGEKD_SAMPLE_SPOILED;
}
