#include "server.h"

#include "baud.h"
#include "cobs.h"
#include "engine.h"
#include "port.h"
#include "results.h"
#include "sample.h"
#include "session.h"
#include "stack.h"
#include "watch.h"
#include "wire.h"

#define SYNC_SEND_AGAIN 1u
#define HALF_OF_NUMBERS 0x8000u

static uint8_t bytes[EDGEKD_FRAME_BYTES];
static struct edgekd_cobs_decoder decoder;

static int setup_code;
static uint16_t expected; /* the number of the next frame with input */
static bool gap_told;     /* since the last frame that was expected */

static uint32_t damaged_frames;
static uint32_t inference_stack;

static void acknowledge(enum edgekd_wire_status status) {
    const struct edgekd_wire_header header = {
        .type = EDGEKD_WIRE_INPUT | EDGEKD_WIRE_ANSWER,
        .status = (uint8_t)status,
        .session = edgekd_session(),
    };
    edgekd_wire_begin(&header);
    edgekd_wire_put_u16(expected);
    edgekd_wire_end();
}

/* Tells of a frame whose sender cannot be known. */
static void notify(enum edgekd_wire_status status) {
    const struct edgekd_wire_header header = {
        .type = EDGEKD_WIRE_NOTICE, .status = (uint8_t)status, .session = edgekd_session()};
    damaged_frames++;
    edgekd_wire_begin(&header);
    edgekd_wire_end();
}

static uint32_t inference_ticks;

static int timed_invoke(void) {
    const uint32_t start = edgekd_port_ticks();
    const int code = edgekd_engine.invoke();
    inference_ticks = edgekd_port_ticks() - start;
    return code;
}

static void run(struct edgekd_result *result) {
    int code = setup_code;
    inference_ticks = 0;
    if (code == 0) {
        uint32_t used;
        code = edgekd_stack_measure(timed_invoke, &used);
        inference_stack = used > inference_stack ? used : inference_stack;
    }
    result->ticks = inference_ticks;
    result->code = code;
}

static void run_sample(void) {
    struct edgekd_result result = {.sample = edgekd_sample_number()};
    run(&result);
    edgekd_results_add(&result, expected);
}

/* The frame that is expected. */
static void take_piece(const struct edgekd_wire_frame *frame) {
    if (edgekd_sample_is_new() && edgekd_results_are_full()) {
        acknowledge(EDGEKD_WIRE_NO_ROOM);
        return;
    }
    switch (edgekd_sample_take(frame->payload + EDGEKD_WIRE_ACK_BYTES, frame->length - EDGEKD_WIRE_ACK_BYTES)) {
    case EDGEKD_SAMPLE_MORE:
        expected++;
        acknowledge(EDGEKD_WIRE_DONE);
        break;
    case EDGEKD_SAMPLE_COMPLETE:
        expected++;
        run_sample();
        break;
    case EDGEKD_SAMPLE_SPOILED:
        acknowledge(EDGEKD_WIRE_SAMPLE_DAMAGED);
        edgekd_session_end();
        break;
    case EDGEKD_SAMPLE_OVER:
        acknowledge(EDGEKD_WIRE_WRONG_LENGTH);
        break;
    }
}

static void take_input(const struct edgekd_wire_frame *frame) {
    if (frame->length < EDGEKD_WIRE_ACK_BYTES) {
        acknowledge(EDGEKD_WIRE_WRONG_LENGTH);
        return;
    }
    const uint16_t ahead = (uint16_t)(frame->header.seq - expected);
    edgekd_results_acknowledge(edgekd_wire_u16(frame->payload));
    edgekd_watch_stop(); /* the input tensors are the host's */
    if (ahead == 0) {
        gap_told = false;
        take_piece(frame);
    } else if (ahead >= HALF_OF_NUMBERS) {
        acknowledge(EDGEKD_WIRE_DONE); /* it is here already */
    } else if (!gap_told) {
        gap_told = true;
        acknowledge(EDGEKD_WIRE_GAP);
    }
}

static void answer_sync(const struct edgekd_wire_frame *frame) {
    if (frame->length != EDGEKD_WIRE_ACK_BYTES) {
        edgekd_wire_answer(&frame->header, EDGEKD_WIRE_WRONG_LENGTH);
        return;
    }
    gap_told = false;
    edgekd_results_acknowledge(edgekd_wire_u16(frame->payload));
    if ((frame->header.status & SYNC_SEND_AGAIN) != 0u) {
        edgekd_results_send_again(expected);
    }
    const struct edgekd_wire_header header = {
        .type = EDGEKD_WIRE_SYNC | EDGEKD_WIRE_ANSWER, .seq = frame->header.seq, .session = edgekd_session()};
    edgekd_wire_begin(&header);
    edgekd_wire_put_u16(expected);
    edgekd_wire_put_u16(edgekd_results_next_frame());
    edgekd_wire_end();
}

static void answer_stats(const struct edgekd_wire_frame *frame) {
    if (frame->length != 0) {
        edgekd_wire_answer(&frame->header, EDGEKD_WIRE_WRONG_LENGTH);
        return;
    }
    const struct edgekd_wire_header header = {
        .type = EDGEKD_WIRE_STATS | EDGEKD_WIRE_ANSWER, .seq = frame->header.seq, .session = edgekd_session()};
    edgekd_wire_begin(&header);
    edgekd_wire_put_u32(edgekd_stack_bytes());
    edgekd_wire_put_u32(edgekd_stack_used());
    edgekd_wire_put_u32(inference_stack);
    edgekd_wire_put_u32(damaged_frames);
    edgekd_wire_end();
}

static void answer_echo(const struct edgekd_wire_frame *frame) {
    const struct edgekd_wire_header header = {
        .type = EDGEKD_WIRE_ECHO | EDGEKD_WIRE_ANSWER, .seq = frame->header.seq, .session = edgekd_session()};
    edgekd_wire_begin(&header);
    edgekd_wire_put(frame->payload, frame->length);
    edgekd_wire_end();
}

static void restart(const struct edgekd_wire_frame *frame) {
    if (frame->length != 0) {
        edgekd_wire_answer(&frame->header, EDGEKD_WIRE_WRONG_LENGTH);
        return;
    }
    edgekd_wire_answer(&frame->header, EDGEKD_WIRE_DONE);
    edgekd_port_reset();
}

/* The board's own samples need the tensors, which must hold nothing of the host's any more. */
static void watch(const struct edgekd_wire_frame *frame) {
    if (edgekd_sample_is_new() && edgekd_results_are_empty()) {
        edgekd_watch_set(frame);
    } else {
        edgekd_wire_answer(&frame->header, EDGEKD_WIRE_NO_ROOM);
    }
}

static void begin_session(void) {
    expected = 0;
    gap_told = false;
    edgekd_sample_restart();
    edgekd_results_restart();
    edgekd_watch_stop();
}

static void act(const struct edgekd_wire_frame *frame) {
    if ((frame->header.type & EDGEKD_WIRE_ANSWER) != 0u) {
        return; /* an echo of what the board has said: to answer it would never end */
    }
    if (frame->header.type == EDGEKD_WIRE_HELLO) {
        if (edgekd_session_greet(frame, setup_code)) {
            begin_session();
        }
        return;
    }
    if (edgekd_session() == 0 || frame->header.session != edgekd_session()) {
        edgekd_wire_answer(&frame->header, EDGEKD_WIRE_NOT_GREETED);
        return;
    }
    switch (frame->header.type) {
    case EDGEKD_WIRE_INPUT:
        take_input(frame);
        break;
    case EDGEKD_WIRE_SYNC:
        answer_sync(frame);
        break;
    case EDGEKD_WIRE_STATS:
        answer_stats(frame);
        break;
    case EDGEKD_WIRE_RESET:
        restart(frame);
        break;
    case EDGEKD_WIRE_BAUD:
        edgekd_baud_change(frame);
        break;
    case EDGEKD_WIRE_ECHO:
        answer_echo(frame);
        break;
    case EDGEKD_WIRE_WATCH:
        watch(frame);
        break;
    default:
        edgekd_wire_answer(&frame->header, EDGEKD_WIRE_UNKNOWN_REQUEST);
    }
}

static void take_frame(enum edgekd_cobs_result result) {
    struct edgekd_wire_frame frame;
    const bool intact = result == EDGEKD_COBS_FRAME && edgekd_wire_open(bytes, decoder.length, &frame);
    edgekd_baud_heard(intact);
    if (intact) {
        act(&frame);
    } else {
        notify(result == EDGEKD_COBS_TOO_LONG ? EDGEKD_WIRE_TOO_LONG : EDGEKD_WIRE_DAMAGED);
    }
}

void edgekd_server_start(void) {
    decoder.frame = bytes;
    decoder.capacity = sizeof bytes;
    edgekd_cobs_restart(&decoder);
    begin_session();
    setup_code = edgekd_engine.setup();
}

static void take_byte(uint8_t byte) {
    const enum edgekd_cobs_result result = edgekd_cobs_decode(&decoder, byte);
    if (result != EDGEKD_COBS_MORE) {
        take_frame(result);
        edgekd_cobs_restart(&decoder);
    }
}

void edgekd_server_poll(void) {
    for (;;) {
        const int byte = edgekd_port_read();
        if (byte >= 0) {
            take_byte((uint8_t)byte);
        } else if (!edgekd_watch_step(run)) {
            return;
        }
    }
}
