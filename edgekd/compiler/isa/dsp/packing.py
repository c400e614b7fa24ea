"""Weights and tables in the order of firmware/kernels/dsp/dense_s8_dsp.h."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler import quantize
from edgekd.compiler.isa.dsp.requantization import short_scaling
from edgekd.compiler.layers import Sums
from edgekd.compiler.lowered import ConstantArray, FieldValue

DENSE_SOURCES = (
    "dsp/clamp_dsp.h",
    "dsp/dense_1_s8_dsp.c",
    "dsp/dense_2_s8_dsp.c",
    "dsp/dense_s8_dsp.h",
    "dsp/requantize_dsp.h",
    "dsp/widen_dsp.h",
    "dsp/words_dsp.h",
    "requantize.h",
)
_BLOCK = 4  # channels that share a pass over the inputs
_GROUP = 4  # inputs that SXTB16 splits into two pairs
_PAIRS = (0, 2, 1, 3)  # the order they come in
_SECOND_LIMIT = 1 << 23  # the second channel of a pair is (AB - A) / 256


def dense_constants(layer: Sums) -> tuple[tuple[ConstantArray, ...], dict[str, FieldValue]] | None:
    """The arrays of struct edgekd_dense_s8_dsp and its fields, as the field `dense` of a kernel's struct.

    None for a layer it does not take: sums too large or factors above 1/2 (short_scaling), weights of -128, which
    TensorFlow Lite's quantization specification excludes, where they do not fit.
    """
    short = short_scaling(layer)
    if short is None or short.largest[1::2].max(initial=0) >= _SECOND_LIMIT:
        return None
    weights = pack_weights(short.weights)
    if weights is None:
        return None
    scaling = layer.scaling
    constants = (
        ConstantArray("weights", weights),
        ConstantArray("bias", pack_bias(short.bias), is_weight=layer.bias_is_weight),
        ConstantArray("scaling", pack_scaling(short.multiplier, short.shift), is_weight=False),
    )
    fields: dict[str, FieldValue] = {
        "dense.weights": "weights",
        "dense.bias": "bias",
        "dense.scaling": "scaling",
        "dense.scaling_stride": _BLOCK + 1 if scaling.per_channel else 0,
        "dense.depth": depth(layer),
        "dense.odd_zero_point": 2 * scaling.zero_point + 1,
        "dense.lowest": scaling.lowest,
        "dense.highest": scaling.highest,
    }
    return constants, fields


def depth(layer: Sums) -> int:
    """Products of a sum, filled up to whole groups."""
    return -(-layer.by_output().shape[1] // _GROUP) * _GROUP


def pack_weights(weights: npt.NDArray[np.int8]) -> npt.NDArray[np.int32] | None:
    """[outputs][depth] as words; None where two weights do not fit a halfword."""
    wide = _padded(_padded(weights.astype(np.int32), 1, _GROUP), 0, 2)
    halfwords = 256 * wide[1::2] + wide[0::2]
    if halfwords.min() < -(1 << 15):
        return None
    count, inputs = halfwords.shape
    ordered = halfwords.reshape(count, inputs // _GROUP, _GROUP)[:, :, _PAIRS]
    words: npt.NDArray[np.int32] = np.ascontiguousarray(ordered.astype("<i2")).view("<i4").reshape(count, inputs // 2)
    whole = count // 2 * 2
    blocks = words[:whole].reshape(-1, 2, inputs // 2).transpose(0, 2, 1)
    packed: npt.NDArray[np.int32] = np.concatenate([blocks.reshape(-1), words[whole:].reshape(-1)])
    return packed


def pack_bias(bias: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Of each pair the first, then the first + 256 * the second."""
    pairs = _padded(bias.astype(np.int64), 0, 2).reshape(-1, 2)
    return quantize.wrap_array(np.stack([pairs[:, 0], pairs[:, 0] + 256 * pairs[:, 1]], axis=1))


def pack_scaling(multiplier: npt.NDArray[np.int32], shift: npt.NDArray[np.int8]) -> npt.NDArray[np.int32]:
    """Of four channels their multipliers and a word of their shifts; one block of copies where all channels share."""
    if len(multiplier) == 1:
        multiplier, shift = multiplier.repeat(_BLOCK), shift.repeat(_BLOCK)
    multipliers = _padded(multiplier, 0, _BLOCK).reshape(-1, _BLOCK)
    shifts = np.ascontiguousarray(_padded(shift, 0, _BLOCK)).view("<i4").reshape(-1, 1)
    return np.concatenate([multipliers, shifts.astype(np.int32)], axis=1)


def _padded(values: npt.NDArray[Any], axis: int, multiple: int) -> npt.NDArray[Any]:
    """`values` filled up with zeros along `axis`."""
    missing = -values.shape[axis] % multiple
    return np.pad(values, [(0, missing if i == axis else 0) for i in range(values.ndim)])
