/* Received bytes between the UART's interrupt, which puts them in, and the main loop, which takes them out.
 *
 * One writer and one reader, each with its own index, so neither has to hold the other back. One place stays empty
 * to tell full from empty.
 */
#ifndef EDGEKD_RING_H
#define EDGEKD_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "edgekd_config.h"

#define EDGEKD_RING_BYTES EDGEKD_RECEIVE_BYTES

_Static_assert((EDGEKD_RING_BYTES & (EDGEKD_RING_BYTES - 1u)) == 0u, "receive_bytes is a power of two");

struct edgekd_ring {
    volatile uint32_t written;
    volatile uint32_t taken;
    volatile uint8_t bytes[EDGEKD_RING_BYTES];
};

static inline bool edgekd_ring_is_empty(const struct edgekd_ring *ring) {
    return ring->written == ring->taken;
}

static inline bool edgekd_ring_is_full(const struct edgekd_ring *ring) {
    return ring->written - ring->taken == EDGEKD_RING_BYTES - 1u;
}

/* The ring must not be full. */
static inline void edgekd_ring_put(struct edgekd_ring *ring, uint8_t byte) {
    uint32_t written = ring->written;
    ring->bytes[written % EDGEKD_RING_BYTES] = byte;
    ring->written = written + 1u;
}

/* The ring must not be empty. */
static inline uint8_t edgekd_ring_take(struct edgekd_ring *ring) {
    uint32_t taken = ring->taken;
    uint8_t byte = ring->bytes[taken % EDGEKD_RING_BYTES];
    ring->taken = taken + 1u;
    return byte;
}

#endif
