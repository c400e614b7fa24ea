/* CONCATENATION, and SPLIT, its reverse: elements of any type. */
#ifndef EDGEKD_CONCATENATION_H
#define EDGEKD_CONCATENATION_H

#include <stdint.h>

/* The whole is `outer` rounds of one piece from each part, piece_bytes[i] from part i. */
struct edgekd_concatenation {
    int32_t outer;
    int32_t parts;
    const int32_t *piece_bytes;
};

void edgekd_concatenation(const struct edgekd_concatenation *p, const void *const *inputs, void *output);
void edgekd_split(const struct edgekd_concatenation *p, const void *input, void *const *outputs);

#endif
