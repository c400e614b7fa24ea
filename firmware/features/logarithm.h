/* The logarithm of an energy. */
#ifndef EDGEKD_FEATURES_LOGARITHM_H
#define EDGEKD_FEATURES_LOGARITHM_H

#include "features.h"

/* log2(energy + 1), Q15, where 1 is the energy of the squared unit of a sample: silence gives 0, and noise of less than
 * a unit cannot make it jump. Between two entries of the table the logarithm is a straight line, at most 0.0001 below.
 */
int32_t edgekd_log2(const struct edgekd_front_end *front_end, uint64_t energy);

#endif
