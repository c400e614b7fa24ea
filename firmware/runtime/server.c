#include "server.h"

#include <string.h>

#include "cobs.h"
#include "edgekd_config.h"
#include "engine.h"
#include "port.h"
#include "stack.h"
#include "wire.h"

#define PROTOCOL_VERSION 1u
#define ENTROPY_BYTES 8u

_Static_assert(EDGEKD_FRAME_BYTES >= 64u && EDGEKD_FRAME_BYTES <= 65535u, "frames are 64 to 65535 bytes");

enum request_type { HELLO = 1, WRITE = 2, INFER = 3, READ = 4, STATS = 5, RESET = 6 };

enum status {
    DONE = 0,
    NOT_GREETED = 1,
    DAMAGED = 2,
    TOO_LONG = 3,
    UNKNOWN_REQUEST = 4,
    WRONG_LENGTH = 5,
    NO_SUCH_TENSOR = 6,
    ENGINE_FAILED = 7,
};

struct request {
    struct edgekd_wire_header header;
    const uint8_t *payload;
    size_t length;
};

/* What was answered last, in the few words it can be written again from: tensors keep their values until the next
 * inference, so they need no copy. */
struct answer {
    struct edgekd_wire_header header;
    uint8_t head[16];
    uint8_t head_length;
    bool with_outputs;
    const uint8_t *slice;
    uint32_t slice_length;
};

static uint8_t frame[EDGEKD_FRAME_BYTES];
static struct edgekd_cobs_decoder decoder;

static int setup_code;
static bool greeted;
static uint8_t boot_nonce[ENTROPY_BYTES];
static uint32_t session;
static bool has_last; /* a request of this session was run: `last` is its answer */
static struct answer last;

static uint32_t damaged_frames;
static uint32_t inference_stack;

static uint32_t total_bytes(const struct edgekd_tensor *tensors, uint16_t count) {
    uint32_t total = 0;
    for (uint16_t i = 0; i < count; i++) {
        total += tensors[i].bytes;
    }
    return total;
}

static uint32_t input_bytes(void) {
    return total_bytes(edgekd_engine.inputs, edgekd_engine.input_count);
}

/* Tensor `number` as the protocol counts: inputs, then outputs. NULL when there is none. */
static const struct edgekd_tensor *tensor_at(uint16_t number) {
    if (number < edgekd_engine.input_count) {
        return &edgekd_engine.inputs[number];
    }
    uint32_t output = (uint32_t)number - edgekd_engine.input_count;
    return output < edgekd_engine.output_count ? &edgekd_engine.outputs[output] : NULL;
}

static void send(const struct answer *answer) {
    edgekd_wire_begin(&answer->header);
    edgekd_wire_put(answer->head, answer->head_length);
    edgekd_wire_put(answer->slice, (size_t)answer->slice_length);
    for (uint16_t i = 0; answer->with_outputs && i < edgekd_engine.output_count; i++) {
        edgekd_wire_put(edgekd_engine.outputs[i].data, (size_t)edgekd_engine.outputs[i].bytes);
    }
    edgekd_wire_end();
}

static void send_status(struct edgekd_wire_header header, enum status status) {
    header.type |= EDGEKD_WIRE_ANSWER;
    header.status = (uint8_t)status;
    edgekd_wire_begin(&header);
    edgekd_wire_end();
}

/* Tells of a frame whose sender cannot be known. */
static void notify(enum status status) {
    damaged_frames++;
    send_status((struct edgekd_wire_header){0}, status);
}

static void put_text(const char *text) {
    uint8_t length = (uint8_t)strlen(text);
    edgekd_wire_put(&length, 1);
    edgekd_wire_put((const uint8_t *)text, length);
}

static void put_sizes(const struct edgekd_tensor *tensors, uint16_t count) {
    for (uint16_t i = 0; i < count; i++) {
        edgekd_wire_put_u32(tensors[i].bytes);
    }
}

static void send_greeting(const uint8_t *entropy, uint16_t seq) {
    const struct edgekd_engine *engine = &edgekd_engine;
    edgekd_wire_begin(&(struct edgekd_wire_header){.type = HELLO | EDGEKD_WIRE_ANSWER, .seq = seq, .session = session});
    edgekd_wire_put(entropy, ENTROPY_BYTES);
    edgekd_wire_put(boot_nonce, ENTROPY_BYTES);
    edgekd_wire_put_u16(PROTOCOL_VERSION);
    edgekd_wire_put_u16(EDGEKD_FRAME_BYTES);
    edgekd_wire_put_u32(engine->arena_bytes);
    edgekd_wire_put_u32((uint32_t)setup_code);
    edgekd_wire_put_u16(engine->input_count);
    edgekd_wire_put_u16(engine->output_count);
    edgekd_wire_put(engine->model_sha256, 32);
    put_text(engine->name);
    put_text(EDGEKD_BUILD_ID);
    put_sizes(engine->inputs, engine->input_count);
    put_sizes(engine->outputs, engine->output_count);
    edgekd_wire_end();
}

static void greet(const struct request *request) {
    if (request->length != ENTROPY_BYTES) {
        send_status(request->header, WRONG_LENGTH);
        return;
    }
    if (!greeted) {
        /* An emulated board starts the same way each time: what tells two starts apart comes from the host. */
        memcpy(boot_nonce, request->payload, ENTROPY_BYTES);
        edgekd_wire_set_u32(boot_nonce, edgekd_wire_u32(boot_nonce) ^ edgekd_port_ticks());
        greeted = true;
    }
    uint32_t crc = edgekd_crc32(EDGEKD_CRC32_START, boot_nonce, ENTROPY_BYTES);
    crc = edgekd_crc32(crc, request->payload, ENTROPY_BYTES);
    uint32_t wanted = crc != 0 ? crc : 1u;
    if (wanted != session) {
        session = wanted;
        has_last = false;
        last.header.seq = 0;
    }
    send_greeting(request->payload, request->header.seq);
}

static enum status run_write(const struct request *request) {
    if (request->length < 8u) {
        return WRONG_LENGTH;
    }
    uint16_t number = edgekd_wire_u16(request->payload);
    uint32_t offset = edgekd_wire_u32(request->payload + 4);
    size_t length = request->length - 8u;
    if (number >= edgekd_engine.input_count) {
        return NO_SUCH_TENSOR;
    }
    const struct edgekd_tensor *tensor = &edgekd_engine.inputs[number];
    if (offset > tensor->bytes || length > tensor->bytes - offset) {
        return NO_SUCH_TENSOR;
    }
    memcpy((uint8_t *)tensor->data + offset, request->payload + 8, length);
    return DONE;
}

static enum status run_read(const struct request *request, struct answer *answer) {
    if (request->length != 12u) {
        return WRONG_LENGTH;
    }
    const struct edgekd_tensor *tensor = tensor_at(edgekd_wire_u16(request->payload));
    uint32_t offset = edgekd_wire_u32(request->payload + 4);
    uint32_t length = edgekd_wire_u32(request->payload + 8);
    if (tensor == NULL || offset > tensor->bytes || length > tensor->bytes - offset) {
        return NO_SUCH_TENSOR;
    }
    if (length > EDGEKD_FRAME_BYTES - EDGEKD_WIRE_OVERHEAD) {
        return WRONG_LENGTH;
    }
    answer->slice = (const uint8_t *)tensor->data + offset;
    answer->slice_length = length;
    return DONE;
}

static uint32_t inference_ticks;

static int timed_invoke(void) {
    uint32_t start = edgekd_port_ticks();
    int code = edgekd_engine.invoke();
    inference_ticks = edgekd_port_ticks() - start;
    return code;
}

static enum status run_infer(const struct request *request, struct answer *answer) {
    if (request->length != 0) {
        if (request->length != input_bytes()) {
            return WRONG_LENGTH;
        }
        const uint8_t *from = request->payload;
        for (uint16_t i = 0; i < edgekd_engine.input_count; i++) {
            memcpy(edgekd_engine.inputs[i].data, from, (size_t)edgekd_engine.inputs[i].bytes);
            from += edgekd_engine.inputs[i].bytes;
        }
    }
    int code = setup_code;
    inference_ticks = 0;
    if (code == 0) {
        uint32_t used;
        code = edgekd_stack_measure(timed_invoke, &used);
        inference_stack = used > inference_stack ? used : inference_stack;
    }
    edgekd_wire_set_u32(answer->head, inference_ticks);
    edgekd_wire_set_u32(answer->head + 4, (uint32_t)code);
    answer->head_length = 8;
    if (code != 0) {
        return ENGINE_FAILED;
    }
    answer->with_outputs = total_bytes(edgekd_engine.outputs, edgekd_engine.output_count) <=
                           EDGEKD_FRAME_BYTES - EDGEKD_WIRE_OVERHEAD - answer->head_length;
    return DONE;
}

static enum status run_stats(const struct request *request, struct answer *answer) {
    if (request->length != 0) {
        return WRONG_LENGTH;
    }
    edgekd_wire_set_u32(answer->head, edgekd_stack_bytes());
    edgekd_wire_set_u32(answer->head + 4, edgekd_stack_used());
    edgekd_wire_set_u32(answer->head + 8, inference_stack);
    edgekd_wire_set_u32(answer->head + 12, damaged_frames);
    answer->head_length = 16;
    return DONE;
}

static enum status run(const struct request *request, struct answer *answer) {
    switch (request->header.type) {
    case WRITE:
        return run_write(request);
    case INFER:
        return run_infer(request, answer);
    case READ:
        return run_read(request, answer);
    case STATS:
        return run_stats(request, answer);
    case RESET:
        return request->length == 0 ? DONE : WRONG_LENGTH;
    default:
        return UNKNOWN_REQUEST;
    }
}

static void answer_request(const struct request *request) {
    if (request->header.type == HELLO) {
        greet(request);
        return;
    }
    if (!greeted || request->header.session != session) {
        send_status(request->header, NOT_GREETED);
        return;
    }
    if (has_last && request->header.seq == last.header.seq) {
        send(&last);
        return;
    }
    if (request->header.seq != (uint16_t)(last.header.seq + 1u)) {
        return; /* an echo of old bytes */
    }
    last = (struct answer){.header = request->header};
    last.header.status = (uint8_t)run(request, &last);
    last.header.type |= EDGEKD_WIRE_ANSWER;
    has_last = true;
    send(&last);
    if (request->header.type == RESET && last.header.status == DONE) {
        edgekd_port_reset();
    }
}

static void take_frame(void) {
    struct request request;
    if (!edgekd_wire_open(frame, decoder.length, &request.header, &request.payload, &request.length)) {
        notify(DAMAGED);
        return;
    }
    answer_request(&request);
}

void edgekd_server_start(void) {
    decoder.frame = frame;
    decoder.capacity = sizeof frame;
    edgekd_cobs_restart(&decoder);
    setup_code = edgekd_engine.setup();
}

void edgekd_server_poll(void) {
    int byte = edgekd_port_read();
    if (byte < 0) {
        return;
    }
    switch (edgekd_cobs_decode(&decoder, (uint8_t)byte)) {
    case EDGEKD_COBS_MORE:
        return;
    case EDGEKD_COBS_FRAME:
        take_frame();
        break;
    case EDGEKD_COBS_DAMAGED:
        notify(DAMAGED);
        break;
    case EDGEKD_COBS_TOO_LONG:
        notify(TOO_LONG);
        break;
    }
    edgekd_cobs_restart(&decoder);
}
