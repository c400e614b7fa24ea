/* ad01: the bytes are 32-bit floats, quantized here; the result is the mean of (output - input)^2, the less the more
 * like the machine's usual sound. */
#include <string.h>

#include "edgekd_mlperf_config.h"
#include "mlperf_task.h"
#include "mlperf_text.h"

_Static_assert(EDGEKD_MLPERF_INPUT_BYTES == 4u * EDGEKD_MLPERF_ELEMENTS, "the input is 32-bit floats");
_Static_assert(EDGEKD_MLPERF_OUTPUTS == EDGEKD_MLPERF_ELEMENTS, "the output is compared with the input");

/* Far outside of int8, far inside of int32: where a scaled input is clamped before it becomes an integer. */
#define FAR 100000.0f

static int8_t quantized[EDGEKD_MLPERF_ELEMENTS];

/* Little endian on the wire. */
static float float_at(const uint8_t *loaded, uint32_t element) {
    const uint8_t *from = loaded + 4u * element;
    const uint32_t bits = from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* round(value / scale) + zero point, halves away from zero, clamped to int8. value: not NaN. */
static int8_t quantize(float value) {
    float scaled = value / EDGEKD_MLPERF_INPUT_SCALE;
    scaled = scaled > FAR ? FAR : scaled < -FAR ? -FAR : scaled;
    int32_t number = (int32_t)scaled;
    const float rest = scaled - (float)number;
    number += rest >= 0.5f ? 1 : rest <= -0.5f ? -1 : 0;
    number += EDGEKD_MLPERF_INPUT_ZERO_POINT;
    return (int8_t)(number > INT8_MAX ? INT8_MAX : number < INT8_MIN ? INT8_MIN : number);
}

const int8_t *edgekd_mlperf_task_input(const uint8_t *loaded) {
    for (uint32_t i = 0; i < EDGEKD_MLPERF_ELEMENTS; i++) {
        const float value = float_at(loaded, i);
        if (!(value - value == 0.0f)) { /* an infinity or not a number */
            edgekd_mlperf_put("e-[input value ");
            edgekd_mlperf_put_number(i);
            edgekd_mlperf_put(" is not a finite number]\r\n");
            return NULL;
        }
        quantized[i] = quantize(value);
    }
    return quantized;
}

void edgekd_mlperf_task_results(const uint8_t *loaded, const int8_t *output) {
    float sum = 0.0f;
    for (uint32_t i = 0; i < EDGEKD_MLPERF_ELEMENTS; i++) {
        const int32_t steps = (int32_t)output[i] - EDGEKD_MLPERF_OUTPUT_ZERO_POINT;
        const float difference = (float)steps * EDGEKD_MLPERF_OUTPUT_SCALE - float_at(loaded, i);
        sum += difference * difference;
    }
    const float mean = sum / (float)EDGEKD_MLPERF_ELEMENTS;
    if (!(mean <= EDGEKD_MLPERF_MOST)) {
        edgekd_mlperf_put("e-[the result is too large to tell]\r\n");
        return;
    }
    edgekd_mlperf_put("m-results-[");
    edgekd_mlperf_put_decimal(mean);
    edgekd_mlperf_put("]\r\n");
}
