#include "mlperf_input.h"

#include <string.h>

#include "edgekd_mlperf_config.h"
#include "mlperf_text.h"

#define PRINTED_A_LINE 8u

static uint8_t bytes[EDGEKD_MLPERF_INPUT_BYTES];
static uint32_t expected; /* announced by `db load`; 0: nothing is, or an error came after it */
static uint32_t loaded;

void edgekd_mlperf_input_refuse(const char *error) {
    expected = 0;
    loaded = 0;
    edgekd_mlperf_put(error);
}

bool edgekd_mlperf_number(const char *text, uint32_t *number) {
    const size_t length = strlen(text);
    if (length == 0 || length > 9u) {
        return false;
    }
    *number = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        *number = *number * 10u + (uint32_t)(text[i] - '0');
    }
    return true;
}

void edgekd_mlperf_input_begin(const char *count) {
    uint32_t number;
    if (!edgekd_mlperf_number(count, &number) || number == 0) {
        edgekd_mlperf_input_refuse("e-[db load: not a number of bytes]\r\n");
        return;
    }
    if (number > sizeof bytes) {
        edgekd_mlperf_input_refuse("e-[db load: more bytes than the input has]\r\n");
        return;
    }
    expected = number;
    loaded = 0;
    edgekd_mlperf_put("m-[Expecting ");
    edgekd_mlperf_put_number(expected);
    edgekd_mlperf_put(" bytes]\r\n");
}

static int digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void edgekd_mlperf_input_take(const char *hex) {
    const size_t length = strlen(hex);
    if (length % 2u != 0) {
        edgekd_mlperf_input_refuse("e-[db: an odd number of hex digits]\r\n");
        return;
    }
    if (length / 2u > expected - loaded) {
        edgekd_mlperf_input_refuse("e-[db: more bytes than db load announced]\r\n");
        return;
    }
    for (size_t i = 0; i < length; i += 2u) {
        const int high = digit(hex[i]);
        const int low = digit(hex[i + 1u]);
        if (high < 0 || low < 0) {
            edgekd_mlperf_input_refuse("e-[db: not a hex digit]\r\n");
            return;
        }
        bytes[loaded++] = (uint8_t)(((unsigned)high << 4 | (unsigned)low) ^ EDGEKD_MLPERF_FLIP);
    }
    if (loaded == expected) {
        edgekd_mlperf_put("m-load-done\r\n");
    }
}

void edgekd_mlperf_input_print(void) {
    for (uint32_t i = 0; i < loaded; i++) {
        edgekd_mlperf_put(i % PRINTED_A_LINE == 0 ? "m-buffer-" : "-");
        edgekd_mlperf_put_hex((uint8_t)(bytes[i] ^ EDGEKD_MLPERF_FLIP));
        if (i % PRINTED_A_LINE == PRINTED_A_LINE - 1u || i == loaded - 1u) {
            edgekd_mlperf_put("\r\n");
        }
    }
}

const uint8_t *edgekd_mlperf_input(void) {
    if (loaded == sizeof bytes) {
        return bytes;
    }
    edgekd_mlperf_put("e-[");
    edgekd_mlperf_put_number(loaded);
    edgekd_mlperf_put(" of ");
    edgekd_mlperf_put_number(sizeof bytes);
    edgekd_mlperf_put(" input bytes are loaded]\r\n");
    return NULL;
}
