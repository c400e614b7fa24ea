/* C made by bakenn behind the interface of edgekd's firmware, so that both are measured by the same code.
 *
 * model_sha256.h is written beside it and defines MODEL_SHA256, the digest of the .tflite as 32 numbers.
 */
#include "bknn_model.h"
#include "engine.h"
#include "model_sha256.h"

#if BKNN_MODEL_ARENA_SIZE > 0
static _Alignas(BKNN_MODEL_ARENA_ALIGNMENT) uint8_t arena[BKNN_MODEL_ARENA_SIZE];
#else
static uint8_t *const arena = NULL;
#endif
static _Alignas(4) int8_t input[BKNN_MODEL_INPUT_BYTES];
static _Alignas(4) int8_t output[BKNN_MODEL_OUTPUT_BYTES];

static const struct edgekd_tensor inputs[] = {{.data = input, .bytes = BKNN_MODEL_INPUT_BYTES}};
static const struct edgekd_tensor outputs[] = {{.data = output, .bytes = BKNN_MODEL_OUTPUT_BYTES}};
static const uint8_t model_sha256[32] = {MODEL_SHA256};

static int setup(void) {
    return 0;
}

static int invoke(void) {
    bknn_model_infer(arena, input, output);
    return 0;
}

const struct edgekd_engine edgekd_engine = {
    .name = "bakenn",
    .model_sha256 = model_sha256,
    .arena_bytes = BKNN_MODEL_ARENA_SIZE + BKNN_MODEL_INPUT_BYTES + BKNN_MODEL_OUTPUT_BYTES,
    .input_count = 1,
    .output_count = 1,
    .inputs = inputs,
    .outputs = outputs,
    .setup = setup,
    .invoke = invoke,
};
