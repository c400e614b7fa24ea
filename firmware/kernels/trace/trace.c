#include "trace.h"

#include <stddef.h>
#include <string.h>

static const struct edgekd_trace *active;

void edgekd_trace_begin(const struct edgekd_trace *trace) {
    active = trace;
    memset(trace->digests, 0, (size_t)trace->probes * sizeof trace->digests[0]);
    memset(trace->window, 0, (size_t)trace->window_bytes);
}

static uint32_t weight(uint32_t index) {
    uint32_t mixed = index * 0x9E3779B1u;
    mixed = (mixed ^ (mixed >> 15)) * 0x85EBCA77u;
    return (mixed ^ (mixed >> 13)) | 1u;
}

void edgekd_trace(uint16_t probe, const void *data, uint32_t first, uint32_t bytes) {
    const uint8_t *from = data;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < bytes; ++i) {
        sum += (from[i] + 1u) * weight(first + i);
        /* Indices below the window's first wrap around to large ones. */
        uint32_t place = first + i - active->first;
        if (probe == active->wanted && place < active->window_bytes) {
            active->window[place] = from[i];
        }
    }
    active->digests[probe] += sum;
}
