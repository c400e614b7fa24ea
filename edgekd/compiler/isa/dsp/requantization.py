"""When five instructions turn a sum into int8 (firmware/kernels/dsp/requantize_dsp.h), and the numbers they take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgekd.compiler import quantize
from edgekd.compiler.layers import Scaling, Sums

_SUM_LIMIT = 1 << 30  # SMMLAR takes twice the sum
_INT32 = 1 << 31


@dataclass(frozen=True, eq=False)
class ShortScaling:
    """Scaling of a layer all of whose channels the short sequence gets right.

    weights: [outputs][products of a sum], bias: int32. Those of a channel that gives the same result whatever the
    input are replaced by ones that the short sequence takes: networks with dead channels have biases of 2^30 and more.
    multiplier: int32. shift: int8, e - 1. Both one a channel or one for all.
    largest: of the absolute values of each channel's finished sum.
    """

    weights: npt.NDArray[np.int8]
    bias: npt.NDArray[np.int32]
    multiplier: npt.NDArray[np.int32]
    shift: npt.NDArray[np.int8]
    largest: npt.NDArray[np.int64]


def short_scaling(layer: Sums) -> ShortScaling | None:
    """What the short sequence takes for `layer`, None where it would not be exact."""
    scaling = layer.scaling
    weights = layer.by_output().copy()
    bias = layer.bias.copy()
    multiplier, shift = scaling.multiplier.copy(), (-1 - scaling.shift.astype(np.int64))
    lowest, highest = _range(weights, bias)
    for channel in range(len(bias)):
        at = channel if scaling.per_channel else 0
        if max(-lowest[channel], highest[channel]) < _SUM_LIMIT and is_short(
            int(multiplier[at]), int(shift[at]), scaling.zero_point, int(lowest[channel]), int(highest[channel])
        ):
            continue
        constant = _constant(scaling, at, lowest[channel], highest[channel])
        if constant is None or not scaling.per_channel:
            return None
        weights[channel] = 0
        bias[channel] = lowest[channel] = highest[channel] = 4 * (constant - scaling.zero_point)
        multiplier[at], shift[at] = 1 << 30, 0  # a quarter
    largest = np.maximum(np.abs(lowest), np.abs(highest))
    return ShortScaling(weights, bias, multiplier, shift.astype(np.int8), largest)


def _range(
    weights: npt.NDArray[np.int8], bias: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The least and the greatest finished sum of each channel. On the way there 32 bits may wrap."""
    wide = weights.astype(np.int64)
    above, below = np.maximum(wide, 0).sum(axis=1), np.minimum(wide, 0).sum(axis=1)
    middle = bias.astype(np.int64)
    return middle - 128 * above + 127 * below, middle + 127 * above - 128 * below


def is_short(multiplier: int, shift: int, zero_point: int, lowest: int, highest: int) -> bool:
    """Whether the short sequence gets every sum from lowest to highest right. shift: e - 1."""
    if shift < 0:
        return False
    offset = (2 * zero_point + 1) << shift
    scaled = [quantize.high_multiply(x, multiplier) + offset for x in (lowest, highest)]
    return min(scaled) > -_INT32 and max(scaled) < _INT32 and -_INT32 <= offset < _INT32


def _constant(scaling: Scaling, at: int, lowest: np.int64, highest: np.int64) -> int | None:
    """The result of a channel whose sums all give the same. Without shifts to the left it rises with the sum."""
    multiplier, shift = int(scaling.multiplier[at]), int(scaling.shift[at])
    if lowest < -_INT32 or highest >= _INT32 or (shift > 0 and multiplier != 0):
        return None
    results = [quantize.requantize(int(x), multiplier, shift) + scaling.zero_point for x in (lowest, highest)]
    least, most = (min(max(y, scaling.lowest), scaling.highest) for y in results)
    return least if least == most else None
