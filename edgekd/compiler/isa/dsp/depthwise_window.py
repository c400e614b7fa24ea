"""Depthwise convolution of any window: firmware/kernels/dsp/depthwise_conv_2d_s8_dsp.h."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgekd.compiler.isa.common import WINDOW_SOURCES, window_fields, window_rows
from edgekd.compiler.isa.dsp.requantization import short_scaling
from edgekd.compiler.layers import Depthwise, Window
from edgekd.compiler.lowered import ConstantArray, KernelCall

_MOST_PLANE_BYTES = 2048  # but for layers that need more for a single row
_WIDE = {3: "3_wide", 4: "3_wide", 5: "5_wide", 6: "5_wide"}  # taps with entries of their own


def depthwise_window(layer: Depthwise) -> KernelCall | None:
    window = layer.window
    short = short_scaling(layer)
    if short is None or (window.x.dilation > 1 and window.x.stride > 1):
        return None
    scaling = layer.scaling
    rows = _rows(window)
    struct = "edgekd_depthwise_conv_2d_s8_dsp"
    return KernelCall(
        function=_function(window) or struct,
        struct=struct,
        sources=(
            "dsp/clamp_dsp.h",
            "dsp/depthwise_conv_2d_s8_dsp.c",
            "dsp/depthwise_conv_2d_s8_dsp.h",
            "dsp/requantize_dsp.h",
            "dsp/words_dsp.h",
            "requantize.h",
            *WINDOW_SOURCES,
        ),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={
            **window_fields(window),
            "weights": "weights",
            "bias": "bias",
            "multiplier": "multiplier",
            "shift": "shift",
            "depth_multiplier": layer.depth_multiplier,
            "rows": rows,
            "row_pixels": _row_pixels(window),
            "input_zero_point": layer.source.zero_point,
            "odd_zero_point": 2 * scaling.zero_point + 1,
            "lowest": scaling.lowest,
            "highest": scaling.highest,
        },
        constants=(
            ConstantArray("weights", _words(short.weights.reshape(-1, window.y.taps, window.x.taps))),
            ConstantArray("bias", short.bias, is_weight=layer.bias_is_weight),
            ConstantArray("multiplier", np.broadcast_to(short.multiplier, layer.outputs), is_weight=False),
            ConstantArray("shift", np.broadcast_to(short.shift, layer.outputs), is_weight=False),
        ),
        scratch_bytes=8 * _words_of_weights(window) + _plane_bytes(window, rows),
        macs=layer.macs,
        images=window.images,
        rows=window_rows(window),
    )


def _function(window: Window) -> str | None:
    """The entry for windows of this width and step, None when there is none."""
    if window.x.taps not in _WIDE or window.x.stride > 2:
        return None
    stride = "_stride_2" if window.x.stride == 2 else ""
    return f"edgekd_depthwise_{_WIDE[window.x.taps]}{stride}_s8_dsp"


def _words_of_weights(window: Window) -> int:
    """Of an output, two pairs of taps each."""
    return -(-window.y.taps * -(-window.x.taps // 2) // 2)


def _words(weights: npt.NDArray[np.int8]) -> npt.NDArray[np.int32]:
    """[outputs][height][width] as [outputs][words]."""
    pairs = np.pad(weights, ((0, 0), (0, 0), (0, weights.shape[2] % 2))).reshape(len(weights), -1, 2)
    whole = np.pad(pairs, ((0, 0), (0, pairs.shape[1] % 2), (0, 0))).reshape(len(weights), -1, 2, 2)
    words: npt.NDArray[np.int32] = np.ascontiguousarray(whole.swapaxes(2, 3)).reshape(len(weights), -1).view("<i4")
    return words


def _row_pixels(window: Window) -> int:
    x = window.x
    return (-(-x.output // x.dilation) - 1) * x.stride + x.taps


def _plane_bytes(window: Window, rows: int) -> int:
    return 2 * ((rows - 1) * window.y.stride + window.y.taps) * _row_pixels(window) + 2


def _rows(window: Window) -> int:
    """How many rows of outputs are gathered at once."""
    rows = window.y.output if window.y.dilation == 1 else 1
    while rows > 1 and _plane_bytes(window, rows) > _MOST_PLANE_BYTES:
        rows -= 1
    return rows
