/* No model at all: the firmware whose size is taken from that of one with a model. */
#include "engine.h"

static const uint8_t model_sha256[32];

static int nothing(void) {
    return 0;
}

const struct edgekd_engine edgekd_engine = {
    .name = "empty",
    .model_sha256 = model_sha256,
    .setup = nothing,
    .invoke = nothing,
};
