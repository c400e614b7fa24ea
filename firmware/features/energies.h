/* The energy that each filter of the mel scale hears. */
#ifndef EDGEKD_FEATURES_ENERGIES_H
#define EDGEKD_FEATURES_ENERGIES_H

#include "features.h"

/* Weighted sums of squared magnitudes.
 *
 *     weight                /\  /\  /\         every frequency is on the rising side of one filter and on the
 *                          /  \/  \/  \        falling side of the one before; both weights together are 1
 *                         /   /\  /\   \
 *     energies[]      0     1   2   3     4    the first and the last are of frequencies that no filter has
 *
 * spectrum: [fft_size / 2]. energies: [mels + 2], filter m at m + 1; energy_bits of fraction. The host chose
 * power_shift so that no sum leaves 64 bits.
 */
void edgekd_energies(const struct edgekd_front_end *front_end, const int32_t (*spectrum)[2], uint64_t *energies);

#endif
