/* The transform of a windowed frame. */
#ifndef EDGEKD_FEATURES_SPECTRUM_H
#define EDGEKD_FEATURES_SPECTRUM_H

#include "features.h"

/* Real and imaginary part of the frequencies 0 to below half the sample rate.
 *
 * pcm: [window]. spectrum: [fft_size / 2], in the unit of a sample times 2^(15 - sample_shift). The host chose
 * sample_shift so that no sum on the way leaves 32 bits, whatever the samples: nothing is scaled on the way.
 */
void edgekd_spectrum(const struct edgekd_front_end *front_end, const int16_t *pcm, int32_t (*spectrum)[2]);

#endif
