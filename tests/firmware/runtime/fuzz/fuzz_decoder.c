/* libFuzzer: the COBS decoder on any bytes, with any capacity, and back from what the encoder makes of them. */
#include <stdlib.h>
#include <string.h>

#include "cobs.h"
#include "port.h"
#include "wire.h"

#define MOST_BYTES 4096u

static uint8_t encoded[2u * MOST_BYTES];
static size_t encoded_length;

static void require(bool condition) {
    if (!condition) {
        abort();
    }
}

static void collect(const uint8_t *data, size_t length) {
    require(length <= sizeof encoded - encoded_length);
    memcpy(encoded + encoded_length, data, length);
    encoded_length += length;
}

/* wire.c sends through the port; nothing here does. */
void edgekd_port_write(const uint8_t *data, size_t length) {
    (void)data;
    (void)length;
    abort();
}

/* Bytes as they come, into memory that ends right after `capacity` bytes. */
static void decode_anything(const uint8_t *data, size_t length, size_t capacity) {
    struct edgekd_cobs_decoder decoder = {.frame = malloc(capacity), .capacity = capacity};
    edgekd_cobs_restart(&decoder);
    for (size_t i = 0; i < length; i++) {
        const enum edgekd_cobs_result result = edgekd_cobs_decode(&decoder, data[i]);
        require(decoder.length <= capacity);
        if (result == EDGEKD_COBS_MORE) {
            continue;
        }
        struct edgekd_wire_frame frame;
        if (result == EDGEKD_COBS_FRAME && edgekd_wire_open(decoder.frame, decoder.length, &frame)) {
            require(frame.payload >= decoder.frame && frame.length <= decoder.length);
        }
        edgekd_cobs_restart(&decoder);
    }
    free(decoder.frame);
}

static void encode_and_decode(const uint8_t *data, size_t length, size_t cut) {
    struct edgekd_cobs_encoder encoder = {.write = collect};
    encoded_length = 0;
    edgekd_cobs_begin(&encoder);
    edgekd_cobs_put(&encoder, data, cut);
    edgekd_cobs_put(&encoder, data + cut, length - cut);
    edgekd_cobs_end(&encoder);

    struct edgekd_cobs_decoder decoder = {.frame = malloc(length), .capacity = length};
    edgekd_cobs_restart(&decoder);
    for (size_t i = 0; i + 1u < encoded_length; i++) {
        require(edgekd_cobs_decode(&decoder, encoded[i]) == EDGEKD_COBS_MORE);
    }
    require(edgekd_cobs_decode(&decoder, encoded[encoded_length - 1u]) == EDGEKD_COBS_FRAME);
    require(decoder.length == length && (length == 0 || memcmp(decoder.frame, data, length) == 0));
    free(decoder.frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2u || size > MOST_BYTES) {
        return 0;
    }
    const size_t capacity = data[0];
    const size_t cut = data[1] % (size - 1u);
    decode_anything(data + 2, size - 2u, capacity);
    encode_and_decode(data + 2, size - 2u, cut);
    return 0;
}
