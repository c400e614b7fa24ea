/* Consistent overhead byte stuffing (Cheshire and Baker, IEEE/ACM Transactions on Networking 7(2), 1999).
 *
 * A block on the wire is a code byte and code - 1 bytes that are not zero; it stands for those bytes and, unless the
 * code is 255 or the frame ends, a zero. Frames end with a zero byte.
 */
#ifndef EDGEKD_COBS_H
#define EDGEKD_COBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct edgekd_cobs_decoder {
    uint8_t *frame; /* decoded bytes go here */
    size_t capacity;
    size_t length; /* decoded so far; of the whole frame when one is complete */
    uint8_t code;  /* of the block under way; 0 before the first */
    uint8_t left;  /* bytes still to come in it */
    bool too_long;
};

enum edgekd_cobs_result {
    EDGEKD_COBS_MORE,
    EDGEKD_COBS_FRAME,
    EDGEKD_COBS_DAMAGED,
    EDGEKD_COBS_TOO_LONG,
};

/* Prepares for the next frame. */
void edgekd_cobs_restart(struct edgekd_cobs_decoder *decoder);

/* Takes one byte from the wire. After anything but MORE the caller restarts the decoder. */
enum edgekd_cobs_result edgekd_cobs_decode(struct edgekd_cobs_decoder *decoder, uint8_t byte);

#define EDGEKD_COBS_BLOCK 254u

struct edgekd_cobs_encoder {
    uint8_t block[1u + EDGEKD_COBS_BLOCK]; /* the code byte, then data */
    uint8_t used;
    void (*write)(const uint8_t *data, size_t length);
};

/* A frame is begin, any number of puts, end; `write` gets it piece by piece, delimiters included. */
void edgekd_cobs_begin(struct edgekd_cobs_encoder *encoder);
void edgekd_cobs_put(struct edgekd_cobs_encoder *encoder, const uint8_t *data, size_t length);
void edgekd_cobs_end(struct edgekd_cobs_encoder *encoder);

#endif
