#include "watch.h"

#include "source.h"

static bool watching;
static uint32_t next_sample;

bool edgekd_watch_has_source(void) {
    return edgekd_source_next(true) != EDGEKD_SOURCE_NONE;
}

void edgekd_watch_set(const struct edgekd_wire_frame *request) {
    if (request->length != 1u) {
        edgekd_wire_answer(&request->header, EDGEKD_WIRE_WRONG_LENGTH);
        return;
    }
    if (!edgekd_watch_has_source()) {
        edgekd_wire_answer(&request->header, EDGEKD_WIRE_UNSUPPORTED);
        return;
    }
    watching = request->payload[0] != 0;
    edgekd_wire_answer(&request->header, EDGEKD_WIRE_DONE);
}

void edgekd_watch_stop(void) {
    watching = false;
}

bool edgekd_watch_step(void (*run)(struct edgekd_result *result)) {
    if (!watching || edgekd_source_next(false) != EDGEKD_SOURCE_READY) {
        return false;
    }
    struct edgekd_result result = {.sample = next_sample++};
    run(&result);
    edgekd_results_push(&result);
    return true;
}
