#include "features.h"

#include <string.h>

#include "energies.h"
#include "fixed_point.h"
#include "logarithm.h"
#include "spectrum.h"

/* Whole steps of 2^shift, as int8. */
static int8_t steps_of(int64_t value, uint8_t shift) {
    const int64_t steps = edgekd_shifted(value, shift);
    return (int8_t)(steps < INT8_MIN ? INT8_MIN : steps > INT8_MAX ? INT8_MAX : steps);
}

void edgekd_features_of_frame(const struct edgekd_front_end *front_end, const int16_t *pcm, int32_t (*spectrum)[2],
                              uint64_t *energies, int8_t *frame) {
    edgekd_spectrum(front_end, pcm, spectrum);
    edgekd_energies(front_end, (const int32_t(*)[2])spectrum, energies);
    int32_t *const logarithms = spectrum[0]; /* the spectrum is used up */
    for (uint8_t m = 0; m < front_end->mels; ++m)
        logarithms[m] = edgekd_log2(front_end, energies[m + 1]) - front_end->middle;
    const int16_t *cosines = front_end->cosines;
    for (uint8_t f = 0; f < front_end->features; ++f) {
        int64_t value = logarithms[f];
        if (cosines != NULL) {
            value = 0;
            for (uint8_t m = 0; m < front_end->mels; ++m)
                value += (int64_t)logarithms[m] * *cosines++;
            value = edgekd_shifted(value, EDGEKD_WEIGHT_BITS);
        }
        frame[f] = steps_of(value, front_end->shifts[f]);
    }
}

void edgekd_features_start(struct edgekd_features *features, const struct edgekd_front_end *front_end, int16_t *samples,
                           int32_t (*spectrum)[2], uint64_t *energies) {
    *features = (struct edgekd_features){front_end, samples, spectrum, energies, 0};
}

size_t edgekd_features_feed(struct edgekd_features *features, const int16_t *pcm, size_t count, int8_t *frame,
                            bool *complete) {
    const struct edgekd_front_end *const front_end = features->front_end;
    const size_t wanted = (size_t)(front_end->window - features->held);
    const size_t taken = count < wanted ? count : wanted;
    if (taken > 0)
        memcpy(features->samples + features->held, pcm, taken * sizeof *pcm);
    features->held = (uint16_t)(features->held + taken);
    *complete = features->held == front_end->window;
    if (*complete) {
        edgekd_features_of_frame(front_end, features->samples, features->spectrum, features->energies, frame);
        features->held = (uint16_t)(front_end->window - front_end->hop);
        memmove(features->samples, features->samples + front_end->hop, features->held * sizeof *pcm);
    }
    return taken;
}
