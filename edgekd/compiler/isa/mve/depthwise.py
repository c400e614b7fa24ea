"""Depthwise convolutions: firmware/kernels/mve/depthwise_conv_2d_s8_mve.h."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.isa.common import WINDOW_SOURCES, window_fields, window_rows
from edgekd.compiler.isa.mve.dense import convolution
from edgekd.compiler.isa.mve.scaling import factors, vector_scaling
from edgekd.compiler.layers import Convolution, Depthwise
from edgekd.compiler.lowered import ConstantArray, KernelCall

_BLOCK = 16  # channels of a pass
# Where long multiplications (even lanes, odd lanes) and then long moves of their products (the same) leave a block's
# channels: 0 4 8 12, 2 6 10 14, 1 5 9 13, 3 7 11 15.
_ORDER = np.arange(_BLOCK).reshape(4, 2, 2).transpose(2, 1, 0).reshape(-1)
_POINTER_BYTES = 4


def depthwise(layer: Depthwise) -> KernelCall | None:
    window = layer.window
    if window.channels == 1:
        return convolution(_as_convolution(layer))
    scaling = vector_scaling(layer.scaling)
    if layer.depth_multiplier > 1 or scaling is None:
        return None
    pixels = _BLOCK // window.channels if window.x.stride == 1 and _BLOCK % window.channels == 0 else 1
    pairs = -(-window.taps // 2)
    weights = np.pad(layer.weights.reshape(window.taps, -1), ((0, 2 * pairs - window.taps), (0, 0)))
    if np.any((weights[::2] == -128) & (weights[1::2] == -128)):  # 2 * 128 * 128 is 2**15
        return None
    blocks = _in_blocks(weights, pixels).reshape(2 * pairs, -1, _BLOCK).swapaxes(0, 1)
    multiplier, shift = (np.broadcast_to(values, layer.outputs) for values in (layer.scaling.multiplier, scaling.shift))
    return KernelCall(
        function="edgekd_depthwise_conv_2d_s8_mve",
        struct="edgekd_depthwise_conv_2d_s8_mve",
        sources=(
            "mve/depthwise_conv_2d_s8_mve.c",
            "mve/depthwise_conv_2d_s8_mve.h",
            "mve/requantize_mve.h",
            "mve/copy_mve.h",
            *WINDOW_SOURCES,
        ),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={
            **window_fields(window),
            "weights": "weights",
            "bias": "bias",
            **scaling.fields("scaling", step=_BLOCK + _BLOCK // 4),
            "pairs": pairs,
            "pixels": pixels,
            "input_zero_point": layer.source.zero_point,
        },
        constants=(
            ConstantArray("weights", np.ascontiguousarray(blocks)),
            ConstantArray("bias", _reordered(layer.bias, pixels), is_weight=layer.bias_is_weight),
            factors(_reordered(multiplier, pixels), _reordered(shift, pixels)),
        ),
        scratch_bytes=2 * pairs * _POINTER_BYTES + -(-window.channels // _BLOCK) * _BLOCK,
        macs=layer.macs,
        images=window.images,
        rows=window_rows(window),
    )


def _as_convolution(layer: Depthwise) -> Convolution:
    """One input channel: the multiplier counts the outputs of an ordinary convolution."""
    weights = np.ascontiguousarray(layer.weights.transpose(2, 0, 1)[..., np.newaxis])
    return Convolution(
        layer.source, layer.target, weights, layer.bias, layer.bias_is_weight, layer.scaling, layer.window, groups=1
    )


def _in_blocks(values: npt.NDArray[Any], pixels: int) -> npt.NDArray[Any]:
    """[...][channels], once for each pixel of a block, filled up to whole blocks."""
    repeated = np.concatenate([values] * pixels, axis=-1)
    return np.pad(repeated, [(0, 0)] * (values.ndim - 1) + [(0, -repeated.shape[-1] % _BLOCK)])


def _reordered(values: npt.NDArray[Any], pixels: int) -> npt.NDArray[Any]:
    """[channels] as [blocks][16] in the order of the sums."""
    return np.ascontiguousarray(_in_blocks(values, pixels).reshape(-1, _BLOCK)[:, _ORDER])
