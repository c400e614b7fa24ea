#include "log.h"

#include <string.h>

#include "session.h"
#include "wire.h"

static uint16_t lines;

void edgekd_log(const char *text) {
    if (edgekd_session() == 0) {
        return;
    }
    const size_t length = strlen(text);
    const size_t room = EDGEKD_FRAME_BYTES - EDGEKD_WIRE_OVERHEAD;
    const struct edgekd_wire_header header = {.type = EDGEKD_WIRE_LOG, .seq = lines++, .session = edgekd_session()};
    edgekd_wire_begin(&header);
    edgekd_wire_put((const uint8_t *)text, length < room ? length : room);
    edgekd_wire_end();
}
