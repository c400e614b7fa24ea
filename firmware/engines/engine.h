/* The model as the firmware sees it, whatever engine runs it.
 *
 * An engine (aot: C made by `edgekd compile`; tflm: TensorFlow Lite Micro) defines `edgekd_engine` once. The server
 * writes input tensors in place, calls invoke() and reads output tensors in place: the engine owns the buffers.
 */
#ifndef EDGEKD_ENGINE_H
#define EDGEKD_ENGINE_H

#include <stddef.h>
#include <stdint.h>

struct edgekd_tensor {
    void *data;
    uint32_t bytes;
};

struct edgekd_engine {
    const char *name;            /* "aot", "tflm", "empty" */
    const uint8_t *model_sha256; /* 32 bytes: of the .tflite file */
    uint32_t arena_bytes;        /* working memory, input and output tensors included */
    uint16_t input_count;
    uint16_t output_count;
    const struct edgekd_tensor *inputs;
    const struct edgekd_tensor *outputs;
    int (*setup)(void);  /* once after reset; 0, or an engine's own error code */
    int (*invoke)(void); /* inputs to outputs; 0, or an engine's own error code */
};

extern const struct edgekd_engine edgekd_engine;

#endif
