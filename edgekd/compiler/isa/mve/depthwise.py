"""Depthwise convolutions: firmware/kernels/mve/depthwise_*_s8_mve.h."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.isa.common import WINDOW_SOURCES, window_fields, window_rows
from edgekd.compiler.isa.mve.dense import convolution
from edgekd.compiler.isa.mve.scaling import VectorScaling, factors, vector_scaling
from edgekd.compiler.layers import Convolution, Depthwise, Window
from edgekd.compiler.lowered import ConstantArray, FieldValue, KernelCall

_BLOCK = 16  # channels of a pass
# The order of a block's sums; narrowing their results, even lanes and odd lanes in turn, sorts them.
_ORDER = np.arange(_BLOCK).reshape(4, 2, 2).transpose(2, 1, 0).reshape(-1)  # 0 4 8 12, 2 6 10 14, 1 5 9 13, 3 7 11 15
_ROWS, _COLUMNS = 4, 3  # of the window whose products one instruction adds up
_OVERREAD = 4  # bytes behind the last of its weights that are loaded with them, and multiplied by zeros
_SMALL_SCRATCH_BYTES = 272
_POINTER_BYTES = 4


def depthwise(layer: Depthwise) -> KernelCall | None:
    window = layer.window
    if window.channels == 1:
        return convolution(_as_convolution(layer))
    scaling = vector_scaling(layer.scaling)
    if layer.depth_multiplier > 1 or scaling is None:
        return None
    if window.y.taps <= _ROWS and window.x.taps <= _COLUMNS and window.x.dilation == 1:
        return _small(layer, scaling)
    return _any_window(layer, scaling)


def _small(layer: Depthwise, scaling: VectorScaling) -> KernelCall:
    height, width, _ = layer.weights.shape
    filled = np.pad(layer.weights, ((0, _ROWS - height), (0, _COLUMNS - width), (0, 0)))
    blocks = _reordered(filled, _pixels(layer.window)).transpose(2, 3, 1, 0)
    weights = np.append(blocks, np.zeros(_OVERREAD, np.int8))
    return _call("depthwise_4x3_s8_mve", layer, scaling, weights, _SMALL_SCRATCH_BYTES, {})


def _any_window(layer: Depthwise, scaling: VectorScaling) -> KernelCall | None:
    window = layer.window
    pairs = -(-window.taps // 2)
    taps = np.pad(layer.weights.reshape(window.taps, -1), ((0, 2 * pairs - window.taps), (0, 0)))
    if np.any((taps[::2] == -128) & (taps[1::2] == -128)):  # 2 * 128 * 128 is 2**15
        return None
    blocks = _in_blocks(taps, _pixels(window)).swapaxes(0, 1)
    padding_bytes = -(-window.channels // _BLOCK) * _BLOCK
    scratch_bytes = 2 * pairs * _POINTER_BYTES + padding_bytes
    return _call("depthwise_conv_2d_s8_mve", layer, scaling, blocks, scratch_bytes, {"pairs": pairs})


def _call(
    name: str,
    layer: Depthwise,
    scaling: VectorScaling,
    weights: npt.NDArray[np.int8],
    scratch_bytes: int,
    fields: dict[str, FieldValue],
) -> KernelCall:
    """What both kernels have in common."""
    pixels = _pixels(layer.window)
    multiplier, shift = (
        _reordered(np.broadcast_to(values, layer.outputs), pixels)
        for values in (layer.scaling.multiplier, scaling.shift)
    )
    return KernelCall(
        function=f"edgekd_{name}",
        struct=f"edgekd_{name}",
        sources=(
            f"mve/{name}.c",
            f"mve/{name}.h",
            "mve/depthwise_block_mve.h",
            "mve/requantize_mve.h",
            "mve/copy_mve.h",
            *WINDOW_SOURCES,
        ),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={
            **window_fields(layer.window),
            "weights": "weights",
            "bias": "bias",
            **scaling.fields("scaling", step=_BLOCK + _BLOCK // 4),
            **fields,
            "pixels": pixels,
            "input_zero_point": layer.source.zero_point,
        },
        constants=(
            ConstantArray("weights", np.ascontiguousarray(weights)),
            ConstantArray("bias", _reordered(layer.bias, pixels), is_weight=layer.bias_is_weight),
            factors(multiplier, shift),
        ),
        scratch_bytes=scratch_bytes,
        macs=layer.macs,
        images=layer.window.images,
        rows=window_rows(layer.window),
    )


def _as_convolution(layer: Depthwise) -> Convolution:
    """One input channel: the multiplier counts the outputs of an ordinary convolution."""
    weights = np.ascontiguousarray(layer.weights.transpose(2, 0, 1)[..., np.newaxis])
    return Convolution(
        layer.source, layer.target, weights, layer.bias, layer.bias_is_weight, layer.scaling, layer.window, groups=1
    )


def _pixels(window: Window) -> int:
    """Neighbouring pixels that one block holds."""
    return _BLOCK // window.channels if window.x.stride == 1 and _BLOCK % window.channels == 0 else 1


def _in_blocks(values: npt.NDArray[Any], pixels: int) -> npt.NDArray[Any]:
    """[...][channels] as [...][blocks][16]: once for each pixel of a block, filled up to whole blocks."""
    repeated = np.concatenate([values] * pixels, axis=-1)
    filled = np.pad(repeated, [(0, 0)] * (values.ndim - 1) + [(0, -repeated.shape[-1] % _BLOCK)])
    return filled.reshape(*values.shape[:-1], -1, _BLOCK)


def _reordered(values: npt.NDArray[Any], pixels: int) -> npt.NDArray[Any]:
    """The same in the order of the sums."""
    return np.ascontiguousarray(_in_blocks(values, pixels)[..., _ORDER])
