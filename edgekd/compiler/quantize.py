"""The arithmetic TensorFlow Lite Micro does when it prepares a model: factors, clamps and roundings.

Double and single precision matter: each function says which one it takes from where.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

INT8_MIN, INT8_MAX = -128, 127
_INT32_MIN, _INT32_MAX = -(1 << 31), (1 << 31) - 1


def round_half_away(value: float) -> int:
    """The nearest integer, halves away from zero, as C's round()."""
    whole = math.floor(abs(value))
    return int(math.copysign(whole + (abs(value) - whole >= 0.5), value))


def quantize_multiplier(real: float) -> tuple[int, int]:
    """`real` as (multiplier, shift): about multiplier * 2**(shift - 31), |multiplier| from 2**30 to 2**31 - 1.

    (0, 0) for zero and for what is too small to matter. tensorflow/lite/kernels/internal/quantization_util.cc,
    QuantizeMultiplier.
    """
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    multiplier = round_half_away(fraction * (1 << 31))
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    return (0, 0) if shift < -31 else (multiplier, shift)


def wrap(value: int) -> int:
    """`value` modulo 2**32, as a signed 32-bit number."""
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)


def wrap_array(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """int64 values modulo 2**32."""
    return values.astype(np.uint64).astype(np.uint32).view(np.int32)


def saturate(value: int) -> int:
    """`value` clamped to 32 bits."""
    return max(_INT32_MIN, min(_INT32_MAX, value))


def clamp_int8(value: int) -> int:
    return max(INT8_MIN, min(INT8_MAX, value))


def high_multiply(a: int, b: int) -> int:
    """a * b / 2**31 for 32-bit a and b, halves rounded up, saturating (SaturatingRoundingDoublingHighMul)."""
    return min((a * b + (1 << 30)) >> 31, _INT32_MAX)


def rounding_shift(value: int, exponent: int) -> int:
    """value / 2**exponent, halves rounded away from zero (RoundingDivideByPOT)."""
    mask = (1 << exponent) - 1
    return (value >> exponent) + ((value & mask) > (mask >> 1) + (value < 0))


def requantize(value: int, multiplier: int, shift: int) -> int:
    """value * multiplier * 2**(shift - 31) with both roundings (MultiplyByQuantizedMultiplier)."""
    if shift > 0:
        return high_multiply(wrap(value << shift), multiplier)
    return rounding_shift(high_multiply(value, multiplier), -shift)


def requantize_array(
    values: npt.NDArray[np.int64],
    multiplier: int | np.integer[Any] | npt.NDArray[np.int64],
    shift: int | np.integer[Any] | npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """`requantize` of arrays of 32-bit values, for shifts to the right (0 and below) and multipliers of 0 and above."""
    scaled = (values * multiplier + (1 << 30)) >> 31
    mask = (np.int64(1) << np.negative(shift)) - 1
    rounded: npt.NDArray[np.int64] = (scaled >> np.negative(shift)) + ((scaled & mask) > (mask >> 1) + (scaled < 0))
    return rounded


def quantize_float(value: float, scale: float, zero_point: int) -> int:
    """round(value / scale) + zero_point with a division in single precision; no clamp."""
    return round_half_away(float(np.float32(value) / np.float32(scale))) + zero_point


# Real limits of a fused activation; None where the type's own limit stands.
ACTIVATIONS: dict[str, tuple[float | None, float | None]] = {
    "NONE": (None, None),
    "RELU": (0.0, None),
    "RELU6": (0.0, 6.0),
    "RELU_N1_TO_1": (-1.0, 1.0),
}


def activation_limits(activation: str, scale: float, zero_point: int, bits: int = 8) -> tuple[int, int] | None:
    """Lowest and highest output of a fused activation, a key of ACTIVATIONS; None if a limit leaves 32 bits.

    tensorflow/lite/kernels/kernel_util.cc, CalculateActivationRangeQuantized.
    """
    low, high = ACTIVATIONS[activation]
    with np.errstate(over="ignore"):
        steps = max(abs(np.float32(limit) / np.float32(scale)) for limit in (low, high, 0.0) if limit is not None)
    if steps > _INT32_MAX - (1 << (bits - 1)):
        return None
    least, most = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    lowest = least if low is None else quantize_float(low, scale, zero_point)
    highest = most if high is None else quantize_float(high, scale, zero_point)
    return max(least, lowest), min(most, highest)
