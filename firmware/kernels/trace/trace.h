/* Looks at tensors while a model runs, in firmware made to be compared with the host (`edgekd diff`). The generated C
 * then calls edgekd_trace() before and after each step; firmware made for use has none of this.
 *
 * Of each probe, a place in the generated C where a tensor is looked at, one number is kept: a digest of the bytes seen
 * there. Of one probe a few bytes are kept as well, the window. So the host finds out in one inference where the
 * tensors begin to differ from its own, and fetches the one it asks for in as many as it takes, however little RAM the
 * board has.
 *
 *      digest = sum over all bytes b of (b + 1) * weight(index of b), modulo 2^32
 *
 * with odd weights that look random: rows may come in any order and in pieces, a single wrong byte always shows, and
 * patterns of wrong ones do not cancel.
 */
#ifndef EDGEKD_TRACE_H
#define EDGEKD_TRACE_H

#include <stdint.h>

struct edgekd_trace {
    uint32_t *digests; /* one for each probe */
    uint16_t probes;
    uint8_t *window; /* gets bytes first to first + window_bytes - 1 of what probe `wanted` sees */
    uint32_t window_bytes;
    uint32_t wanted;
    uint32_t first;
};

/* Begins an inference: clears digests and window. *trace stays in use. */
void edgekd_trace_begin(const struct edgekd_trace *trace);

/* data: bytes `first` to first + bytes - 1 of the tensor. */
void edgekd_trace(uint16_t probe, const void *data, uint32_t first, uint32_t bytes);

#endif
