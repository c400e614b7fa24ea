/* Sound to int8 features, frame by frame: samples in, one row of a model's input out. No heap, no floating point.
 *
 * `edgekd features RECIPE --out DIR` copies these files and writes front_end.h and front_end.c beside them: the tables
 * of one front end, and the sizes of the memory it needs. With a model that takes its features:
 *
 *     static int16_t samples[FRONT_END_WINDOW];
 *     static int32_t spectrum[FRONT_END_SPECTRUM][2];
 *     static uint64_t energies[FRONT_END_ENERGIES];
 *     static struct edgekd_features features;
 *     int8_t frame[FRONT_END_FEATURES];
 *
 *     edgekd_features_start(&features, &front_end, samples, spectrum, energies);
 *     while (count > 0) {                                   (whenever samples have come: pcm, count)
 *         bool complete;
 *         size_t taken = edgekd_features_feed(&features, pcm, count, frame, &complete);
 *         pcm += taken, count -= taken;
 *         if (complete) {...}                               (frame is the next row)
 *     }
 *
 * README.md has the formula.
 */
#ifndef EDGEKD_FEATURES_H
#define EDGEKD_FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is computed; made on the host. Fractions are in powers of two: Q15 has 1 at 2^15. */
struct edgekd_front_end {
    uint16_t window;              /* samples of a frame */
    uint16_t hop;                 /* from one frame to the next, at most `window` */
    uint16_t fft_size;            /* a power of two, at least `window` */
    uint16_t first_bin;           /* the first frequency that a filter hears, of fft_size / 2 */
    uint16_t bins;                /* how many frequencies filters hear, from first_bin on */
    uint8_t mels;                 /* filters */
    uint8_t features;             /* of a frame */
    uint8_t sample_shift;         /* bits dropped of sample * window */
    uint8_t power_shift;          /* bits dropped of a squared magnitude */
    uint8_t energy_bits;          /* bits of fraction of an energy */
    int32_t middle;               /* subtracted from a logarithm, Q15 */
    const int32_t *hann;          /* [window / 2 + 1]: the first half of a window that is its own mirror image, Q30 */
    const int32_t (*twiddles)[2]; /* [fft_size / 2]: cosine and negative sine, Q30 */
    const uint8_t *bands;         /* [bins]: the filter on whose rising side a frequency is; `mels`: none */
    const uint16_t *rising;       /* [bins]: its weight there, Q15; the filter before has the rest */
    const uint16_t *logarithms;   /* [EDGEKD_LOG_CELLS + 1]: log2 from 1 to 2, Q15 */
    const int16_t *cosines;       /* [features][mels], Q15; NULL: features are the logarithms themselves */
    const uint8_t *shifts;        /* [features]: bits dropped of a result to make steps of int8 */
};

/* The features of one frame. pcm: [window]. spectrum: [fft_size / 2] and energies: [mels + 2], of any content: room to
 * compute in. frame: [features]. */
void edgekd_features_of_frame(const struct edgekd_front_end *front_end, const int16_t *pcm, int32_t (*spectrum)[2],
                              uint64_t *energies, int8_t *frame);

/* A stream of samples under way. */
struct edgekd_features {
    const struct edgekd_front_end *front_end;
    int16_t *samples; /* [window]: those of the next frame that have come */
    int32_t (*spectrum)[2];
    uint64_t *energies;
    uint16_t held; /* how many those are */
};

/* Begins a stream. samples: [window], spectrum: [fft_size / 2], energies: [mels + 2]; all are the stream's while it
 * lasts. */
void edgekd_features_start(struct edgekd_features *features, const struct edgekd_front_end *front_end, int16_t *samples,
                           int32_t (*spectrum)[2], uint64_t *energies);

/* Takes samples until a frame is complete or none are left, and returns how many it took.
 *
 * pcm: [count]. frame: [features], written when *complete becomes true. Computing a frame is most of the time; call it
 * from the main loop, not from an interrupt.
 */
size_t edgekd_features_feed(struct edgekd_features *features, const int16_t *pcm, size_t count, int8_t *frame,
                            bool *complete);

#endif
