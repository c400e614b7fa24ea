#include "energies.h"

#include <string.h>

#include "fixed_point.h"

static uint64_t squared(int32_t value) {
    return (uint64_t)((int64_t)value * value);
}

void edgekd_energies(const struct edgekd_front_end *front_end, const int32_t (*spectrum)[2], uint64_t *energies) {
    memset(energies, 0, (front_end->mels + 2u) * sizeof *energies);
    for (uint16_t bin = 0; bin < front_end->bins; ++bin) {
        const int32_t *const x = spectrum[front_end->first_bin + bin];
        const uint64_t power = (squared(x[0]) + squared(x[1])) >> front_end->power_shift;
        const uint64_t rising = power * front_end->rising[bin];
        uint64_t *const band = energies + front_end->bands[bin];
        band[1] += rising;
        band[0] += (power << EDGEKD_WEIGHT_BITS) - rising;
    }
}
