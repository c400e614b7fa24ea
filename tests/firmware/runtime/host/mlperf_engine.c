/* A model of one tensor in place of another, whose answers can be checked by hand.
 *
 * output[i] = input[i], for as many as there are; then the input is overwritten, as compiled models do. A first input
 * of 101 makes it fail with code -3.
 */
#include <string.h>

#include "edgekd_mlperf_config.h"
#include "engine.h"

static int8_t input[EDGEKD_MLPERF_ELEMENTS];
static int8_t output[EDGEKD_MLPERF_OUTPUTS];
static const struct edgekd_tensor inputs[] = {{input, sizeof input}};
static const struct edgekd_tensor outputs[] = {{output, sizeof output}};
static const uint8_t model_sha256[32];

static int setup(void) {
#ifdef TOY_SETUP_FAILS
    return -5;
#else
    return 0;
#endif
}

static int invoke(void) {
    if (input[0] == 101) {
        return -3;
    }
    memcpy(output, input, sizeof output);
    memset(input, 0x55, sizeof input);
    return 0;
}

const struct edgekd_engine edgekd_engine = {
    .name = "toy",
    .model_sha256 = model_sha256,
    .input_count = 1,
    .output_count = 1,
    .inputs = inputs,
    .outputs = outputs,
    .setup = setup,
    .invoke = invoke,
};
