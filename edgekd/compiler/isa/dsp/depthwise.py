"""Depthwise convolution: firmware/kernels/dsp/depthwise_3x3_s8_dsp.h, conv_2d_s8_dsp.h."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgekd.compiler.isa.common import WINDOW_SOURCES, window_fields, window_rows
from edgekd.compiler.isa.dsp.convolution import convolution
from edgekd.compiler.isa.dsp.depthwise_window import depthwise_window
from edgekd.compiler.isa.dsp.requantization import short_scaling
from edgekd.compiler.layers import Convolution, Depthwise, Window
from edgekd.compiler.lowered import ConstantArray, KernelCall

# Bytes. Over its input a layer takes no rows beside it, and gathers each pixel once.
_MOST_SCRATCH = 1024
_MOST_SCRATCH_IN_PLACE = 3072
_LEAST_CHANNELS = 4
_ORDER = [0, 1, 3, 4, 2, 6, 5, 7, 8]  # of the taps


def depthwise(layer: Depthwise) -> KernelCall | None:
    """3x3 taps, a single channel, or any other window."""
    window = layer.window
    if window.channels == 1:
        return convolution(_as_convolution(layer))
    y, x = window.y, window.x
    short = short_scaling(layer)
    if (
        short is None
        or (y.taps, x.taps, y.dilation, x.dilation) != (3, 3, 1, 1)
        or (y.stride, x.stride) not in ((1, 1), (2, 2))
        or layer.depth_multiplier > 1
        or window.channels < _LEAST_CHANNELS
    ):
        return depthwise_window(layer)
    scaling = layer.scaling
    in_place = _may_be_in_place(layer)
    rows = y.output if in_place else _rows(window)
    relu = "_relu" if scaling.zero_point == scaling.lowest else ""
    return KernelCall(
        function=f"edgekd_depthwise_3x3_stride_{x.stride}{relu}_s8_dsp",
        struct="edgekd_depthwise_3x3_s8_dsp",
        sources=(
            "dsp/depthwise_3x3_s8_dsp.c",
            "dsp/depthwise_3x3_s8_dsp.h",
            "dsp/lanes_dsp.h",
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
            "twice_bias": "twice_bias",
            "multiplier": "multiplier",
            "shift": "shift",
            "rows": rows,
            "input_zero_point": layer.source.zero_point,
            "odd_zero_point": 2 * scaling.zero_point + 1,
            "lowest": scaling.lowest,
            "highest": scaling.highest,
        },
        constants=(
            ConstantArray("weights", _reordered(short.weights)),
            ConstantArray("twice_bias", 2 * short.bias, is_weight=layer.bias_is_weight),
            ConstantArray("multiplier", np.broadcast_to(short.multiplier, layer.outputs), is_weight=False),
            ConstantArray("shift", np.broadcast_to(short.shift, layer.outputs), is_weight=False),
        ),
        in_place=((0, 0),) if in_place else (),
        scratch_bytes=_scratch(window, rows),
        macs=layer.macs,
        images=window.images,
        rows=window_rows(window),
    )


def _as_convolution(layer: Depthwise) -> Convolution:
    """The same of one channel."""
    weights = np.ascontiguousarray(layer.weights.transpose(2, 0, 1)[..., None])
    scaled = (layer.bias, layer.bias_is_weight, layer.scaling)
    return Convolution(layer.source, layer.target, weights, *scaled, layer.window, groups=1)


def _reordered(weights: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    return np.ascontiguousarray(weights[:, _ORDER])


def _may_be_in_place(layer: Depthwise) -> bool:
    """Four channels can be read completely before they are written, and none of them are again."""
    window = layer.window
    return (
        layer.source.shape == layer.target.shape
        and window.channels % _LEAST_CHANNELS == 0
        and _scratch(window, window.y.output) <= _MOST_SCRATCH_IN_PLACE
    )


def _rows(window: Window) -> int:
    """How many rows of outputs are gathered at once."""
    rows = window.y.output
    while rows > 1 and _scratch(window, rows) > _MOST_SCRATCH:
        rows -= 1
    return rows


def _scratch(window: Window, rows: int) -> int:
    y, x = window.y, window.x
    return 4 * ((rows - 1) * y.stride + 3) * ((x.output - 1) * x.stride + 3)
