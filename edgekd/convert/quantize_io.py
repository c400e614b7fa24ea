"""Real numbers to a tensor's integers and back, with the arithmetic of TensorFlow Lite Micro's QUANTIZE."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import Tensor
from edgekd.errors import InputError

_FAR = np.float32(2**40)  # steps from zero: beyond every integer type used, and finite
_PINNED_TO = 1e-5  # of the scale: a step in 128 then stays the same whole number


def quantize(values: npt.NDArray[Any], tensor: Tensor) -> npt.NDArray[Any]:
    """round(values / scale) + zero_point in the tensor's integer type, clamped to its range.

    values: real numbers in the model's units, any shape. The division is in float32 and halves round away from zero,
    as in TensorFlow Lite Micro (tensorflow/lite/kernels/internal/reference/quantize.h, AffineQuantize).
    Raises InputError for values that are not numbers (NaN) and for a tensor without one scale and zero point.
    """
    scale, zero_point = _parameters(tensor)
    real = np.asarray(values, dtype=np.float32)
    if np.isnan(real).any():
        first = tuple(int(i) for i in np.argwhere(np.isnan(real))[0])
        raise InputError(f"the value at {list(first)} is not a number", "remove NaN from the data")
    with np.errstate(over="ignore"):
        steps = np.clip(real / np.float32(scale), -_FAR, _FAR)
    size = np.abs(steps)
    away_from_zero = np.copysign(np.floor(size) + (size % 1 >= 0.5), steps)
    limits = np.iinfo(tensor.dtype)
    integers = np.clip(away_from_zero.astype(np.float64) + zero_point, limits.min, limits.max)
    return integers.astype(tensor.dtype)


def dequantize(values: npt.NDArray[Any], tensor: Tensor) -> npt.NDArray[np.float32]:
    """scale * (values - zero_point) in float32. values: the tensor's integers, any shape."""
    scale, zero_point = _parameters(tensor)
    return np.float32(scale) * (np.asarray(values).astype(np.int64) - zero_point).astype(np.float32)


def model_input(samples: npt.NDArray[Any], tensor: Tensor) -> npt.NDArray[Any]:
    """`samples` (N, ...), float in the model's units or already integers, as the input `tensor` (1, ...) takes them.

    Returns shape (N, ...) in the tensor's type. Raises InputError when a sample's shape is not the tensor's, or
    when the numbers are integers of another type.
    """
    if samples.shape[1:] != tensor.shape[1:]:
        raise InputError(
            f"a sample has shape {list(samples.shape[1:])}, the model's input {list(tensor.shape[1:])}",
            "samples are batch first, channels last",
        )
    if samples.dtype == np.dtype(tensor.dtype):
        return samples
    if not np.issubdtype(samples.dtype, np.floating):
        raise InputError(
            f"samples are {samples.dtype}, the model's input is {tensor.dtype}",
            f"give float32 in the model's units, or {tensor.dtype} already quantized",
        )
    return quantize(samples, tensor)


def pin_input(calibration: npt.NDArray[Any], scale: float) -> npt.NDArray[Any]:
    """Calibration samples whose range is -128 to 127 steps of `scale`, so that the input gets it with zero point 0.

    The smallest and the largest value are moved to the ends of the range; the rest stays.
    """
    pinned = np.array(calibration)
    pinned.flat[int(pinned.argmin())] = -128 * scale
    pinned.flat[int(pinned.argmax())] = 127 * scale
    return pinned


def check_pinned(tensor: Tensor, scale: float, name: str) -> None:
    """Raises InputError unless an input takes int8 steps of `scale` around 0 as they are."""
    found, zero_point = _parameters(tensor)
    if zero_point != 0 or abs(found / scale - 1) > _PINNED_TO:
        raise InputError(
            f"{name}: its input has scale {found:g} and zero point {zero_point}, and the board makes samples in steps "
            f"of {scale:g} around 0",
            "the first layer must take the input as it is, without a normalization of its own",
        )


def _parameters(tensor: Tensor) -> tuple[float, int]:
    if tensor.quantization is None or tensor.quantization.per_channel:
        raise InputError(f"tensor {tensor.name!r} ({tensor.dtype}) has not one scale and zero point")
    return tensor.scale, tensor.zero_point
