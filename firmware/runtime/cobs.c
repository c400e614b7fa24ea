#include "cobs.h"

#define DELIMITER 0u
#define FULL_BLOCK 0xFFu

void edgekd_cobs_restart(struct edgekd_cobs_decoder *decoder) {
    decoder->length = 0;
    decoder->code = 0;
    decoder->left = 0;
    decoder->too_long = false;
}

static void append(struct edgekd_cobs_decoder *decoder, uint8_t byte) {
    if (decoder->length == decoder->capacity) {
        decoder->too_long = true;
        return;
    }
    decoder->frame[decoder->length++] = byte;
}

static enum edgekd_cobs_result finish(const struct edgekd_cobs_decoder *decoder) {
    if (decoder->code == 0) {
        return EDGEKD_COBS_MORE; /* an empty frame means nothing */
    }
    if (decoder->left != 0) {
        return EDGEKD_COBS_DAMAGED;
    }
    return decoder->too_long ? EDGEKD_COBS_TOO_LONG : EDGEKD_COBS_FRAME;
}

enum edgekd_cobs_result edgekd_cobs_decode(struct edgekd_cobs_decoder *decoder, uint8_t byte) {
    if (byte == DELIMITER) {
        return finish(decoder);
    }
    if (decoder->left != 0) {
        append(decoder, byte);
        decoder->left--;
        return EDGEKD_COBS_MORE;
    }
    if (decoder->code != 0 && decoder->code != FULL_BLOCK) {
        append(decoder, 0);
    }
    decoder->code = byte;
    decoder->left = (uint8_t)(byte - 1u);
    return EDGEKD_COBS_MORE;
}

static void write_block(struct edgekd_cobs_encoder *encoder) {
    encoder->block[0] = (uint8_t)(encoder->used + 1u);
    encoder->write(encoder->block, encoder->used + 1u);
    encoder->used = 0;
}

static void write_delimiter(const struct edgekd_cobs_encoder *encoder) {
    static const uint8_t delimiter = DELIMITER;
    encoder->write(&delimiter, 1);
}

void edgekd_cobs_begin(struct edgekd_cobs_encoder *encoder) {
    encoder->used = 0;
    write_delimiter(encoder);
}

void edgekd_cobs_put(struct edgekd_cobs_encoder *encoder, const uint8_t *data, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (data[i] == 0) {
            write_block(encoder);
            continue;
        }
        encoder->block[++encoder->used] = data[i];
        if (encoder->used == EDGEKD_COBS_BLOCK) {
            write_block(encoder);
        }
    }
}

void edgekd_cobs_end(struct edgekd_cobs_encoder *encoder) {
    write_block(encoder); /* after a full block this is an empty one, which stands for nothing */
    write_delimiter(encoder);
}
