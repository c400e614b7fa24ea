#include "baud.h"

#include "edgekd_config.h"
#include "port.h"

#define DAMAGED_IN_A_ROW 4u
#define BITS_TO_WAIT 40u /* two bytes and as much again: what the UART may still have to send */

static uint32_t rate = EDGEKD_BAUD;
static uint8_t damaged;

bool edgekd_baud_is_variable(void) {
    return edgekd_port_takes_baud(EDGEKD_BAUD);
}

/* A port may hold bytes that it was given until they are sent. */
static void let_line_fall_silent(void) {
    const uint32_t ticks = (uint32_t)((uint64_t)EDGEKD_PORT_TICK_HZ * BITS_TO_WAIT / rate);
    const uint32_t start = edgekd_port_ticks();
    while (edgekd_port_ticks() - start < ticks) {
    }
}

void edgekd_baud_change(const struct edgekd_wire_frame *request) {
    if (request->length != 4u) {
        edgekd_wire_answer(&request->header, EDGEKD_WIRE_WRONG_LENGTH);
        return;
    }
    const uint32_t wanted = edgekd_wire_u32(request->payload);
    if (wanted == 0 || !edgekd_port_takes_baud(wanted)) {
        edgekd_wire_answer(&request->header, EDGEKD_WIRE_UNSUPPORTED);
        return;
    }
    edgekd_wire_answer(&request->header, EDGEKD_WIRE_DONE);
    let_line_fall_silent();
    rate = wanted;
    damaged = 0;
    edgekd_port_set_baud(rate);
}

void edgekd_baud_heard(bool intact) {
    damaged = intact ? 0 : (uint8_t)(damaged + 1u);
    if (damaged == DAMAGED_IN_A_ROW) {
        damaged = 0;
        if (rate != EDGEKD_BAUD) {
            rate = EDGEKD_BAUD;
            edgekd_port_set_baud(rate);
        }
    }
}
