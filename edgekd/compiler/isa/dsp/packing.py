"""Weights and tables in the order of firmware/kernels/dsp/dense_s8_dsp.h."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler import quantize
from edgekd.compiler.isa.dsp.requantization import ShortScaling, short_scaling
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
_UNROLLED = 8  # inputs: the depth is a multiple
_PAIRS = (0, 2, 1, 3)  # the order in which SXTB16 gives the inputs in a word
_SECOND_LIMIT = 1 << 23  # the second channel of a pair is (AB - A) / 256


def dense_constants(
    layer: Sums, order: npt.NDArray[np.intp] | None = None
) -> tuple[tuple[ConstantArray, ...], dict[str, FieldValue]] | None:
    """The arrays of struct edgekd_dense_s8_dsp and its fields, as the field `dense` of a kernel's struct.

    order: which product of a sum the kernel makes first, second and so on; as they come if None.

    None for a layer it does not take: sums too large or factors above 1/2 (short_scaling), weights of -128, which
    TensorFlow Lite's quantization specification excludes, where they do not fit.
    """
    packed = sum_words(layer, order)
    if packed is None:
        return None
    words, short = packed
    scaling = layer.scaling
    blocks = pack_blocks(words, short)
    tables = blocks.nbytes - 4 * words.size - 4 * layer.outputs * layer.bias_is_weight
    constants = (ConstantArray("blocks", blocks, table_bytes=tables),)
    fields: dict[str, FieldValue] = {
        "dense.blocks": "blocks",
        "dense.depth": depth(layer),
        "dense.odd_zero_point": 2 * scaling.zero_point + 1,
        "dense.lowest": scaling.lowest,
        "dense.highest": scaling.highest,
    }
    return constants, fields


def sum_words(
    layer: Sums, order: npt.NDArray[np.intp] | None = None
) -> tuple[npt.NDArray[np.int32], ShortScaling] | None:
    """The weights in words, [pair of outputs][pair of inputs], and the scaling; None for a layer not taken."""
    short = short_scaling(layer)
    if short is None or short.largest[1::2].max(initial=0) >= _SECOND_LIMIT:
        return None
    words = pack_weights(short.weights if order is None else short.weights[:, order])
    return None if words is None else (words, short)


def depth(layer: Sums) -> int:
    """Products of a sum, filled up to what one turn of the kernels' loop takes."""
    return -(-layer.by_output().shape[1] // _UNROLLED) * _UNROLLED


def pack_weights(weights: npt.NDArray[np.int8]) -> npt.NDArray[np.int32] | None:
    """[outputs][depth] as words, [pair of outputs][pair of inputs]; None where two weights do not fit a halfword."""
    wide = _padded(_padded(weights.astype(np.int32), 1, _UNROLLED), 0, 2)
    halfwords = 256 * wide[1::2] + wide[0::2]
    if halfwords.min() < -(1 << 15):
        return None
    pairs, inputs = halfwords.shape
    ordered = halfwords.reshape(pairs, -1, len(_PAIRS))[:, :, _PAIRS]
    words: npt.NDArray[np.int32] = np.ascontiguousarray(ordered.astype("<i2")).view("<i4").reshape(pairs, inputs // 2)
    return words


def pair_biases(short: ShortScaling) -> npt.NDArray[np.int32]:
    """[pair of outputs][2]: where the sums A and AB begin."""
    bias = _padded(short.bias.astype(np.int64), 0, 2).reshape(-1, 2)
    bias[:, 1] = bias[:, 0] + 256 * bias[:, 1]
    return quantize.wrap_array(bias)


def pack_blocks(words: npt.NDArray[np.int32], short: ShortScaling) -> npt.NDArray[np.int32]:
    """Biases, weights, multipliers and shifts of four channels after one another; of two at the end."""
    pairs = len(words)
    biases = pair_biases(short)
    multipliers = _padded(np.broadcast_to(short.multiplier, len(short.bias)), 0, 2).reshape(pairs, 2)
    shifts = _padded(np.broadcast_to(short.shift, len(short.bias)), 0, 2).reshape(pairs, 2)
    whole = len(short.bias) // _BLOCK
    parts = []
    first = 0
    for count in [_BLOCK // 2] * whole + [1] * (pairs - _BLOCK // 2 * whole):
        block = slice(first, first + count)
        first += count
        parts += [biases[block].reshape(-1), words[block].T.reshape(-1), multipliers[block].reshape(-1)]
        parts.append(_padded(shifts[block].reshape(-1), 0, 4).view("<i4"))
    packed: npt.NDArray[np.int32] = np.concatenate(parts).astype(np.int32)
    return packed


def _padded(values: npt.NDArray[Any], axis: int, multiple: int) -> npt.NDArray[Any]:
    """`values` filled up with zeros along `axis`."""
    missing = -values.shape[axis] % multiple
    return np.pad(values, [(0, missing if i == axis else 0) for i in range(values.ndim)])
