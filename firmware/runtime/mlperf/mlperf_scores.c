/* kws01, ic01, vww01: the bytes are the model's input; the results are its outputs, one a class. */
#include "edgekd_mlperf_config.h"
#include "mlperf_task.h"
#include "mlperf_text.h"

const int8_t *edgekd_mlperf_task_input(const uint8_t *loaded) {
    return (const int8_t *)loaded;
}

void edgekd_mlperf_task_results(const uint8_t *loaded, const int8_t *output) {
    (void)loaded;
    edgekd_mlperf_put("m-results-[");
    for (uint32_t i = 0; i < EDGEKD_MLPERF_OUTPUTS; i++) {
        if (i > 0) {
            edgekd_mlperf_put(",");
        }
        const int32_t steps = (int32_t)output[i] - EDGEKD_MLPERF_OUTPUT_ZERO_POINT;
        edgekd_mlperf_put_decimal((float)steps * EDGEKD_MLPERF_OUTPUT_SCALE);
    }
    edgekd_mlperf_put("]\r\n");
}
