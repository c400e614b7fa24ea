"""Which channels may be requantized the short way (firmware/kernels/scalar/requantize_scalar.h)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgekd.compiler.layers import Sums
from edgekd.compiler.lowered import ConstantArray, FieldValue

SOURCES = ("scalar/requantize_scalar.c", "scalar/requantize_scalar.h", "requantize.h")
COPY_SOURCES = ("scalar/copy_scalar.c", "scalar/copy_scalar.h")

_PLAIN = 64  # EDGEKD_PLAIN_SCALAR
_SUMS_BELOW = 1 << 28
_SHORT_SHIFTS = range(1, 23)


def constants(layer: Sums) -> tuple[ConstantArray, ...]:
    """bias, multiplier and the table of shifts."""
    scaling = layer.scaling
    right = -scaling.shift.astype(np.int64)
    return (
        ConstantArray("bias", layer.bias, is_weight=layer.bias_is_weight),
        ConstantArray("multiplier", scaling.multiplier, is_weight=False),
        ConstantArray("shift", np.where(_short(layer), right, -right - _PLAIN).astype(np.int8), is_weight=False),
    )


def all_short(layer: Sums) -> bool:
    """Whether every channel may be requantized the short way."""
    return bool(_short(layer).all())


def _short(layer: Sums) -> npt.NDArray[np.bool_]:
    """For each channel, or for all when they share one scale."""
    scaling = layer.scaling
    sums = layer.sum_bounds()
    bounds = sums if scaling.per_channel else sums.max(keepdims=True)
    short: npt.NDArray[np.bool_] = (
        (bounds < _SUMS_BELOW) & (scaling.multiplier >= 1 << 30) & np.isin(-scaling.shift, _SHORT_SHIFTS)
    )
    return short


def is_short(multiplier: int, shift: int) -> bool:
    """Whether small sums, products of two int8 numbers, may be."""
    return multiplier >= 1 << 30 and -shift in _SHORT_SHIFTS


def fields(layer: Sums) -> dict[str, FieldValue]:
    """The fields that go with `constants`."""
    return {
        "bias": "bias",
        "multiplier": "multiplier",
        "shift": "shift",
        "per_channel": int(layer.scaling.per_channel),
        "zero_point": layer.scaling.zero_point,
        "lowest": layer.scaling.lowest,
        "highest": layer.scaling.highest,
    }
