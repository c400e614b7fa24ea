"""Depthwise convolution: firmware/kernels/dsp/depthwise_3x3_s8_dsp.h."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgekd.compiler.isa.common import WINDOW_SOURCES, window_fields, window_rows
from edgekd.compiler.isa.dsp.requantization import short_scaling
from edgekd.compiler.layers import Depthwise, Window
from edgekd.compiler.lowered import ConstantArray, KernelCall

_COLUMN_BYTES = 24  # EDGEKD_DEPTHWISE_3X3_COLUMN_BYTES
_LEAST_CHANNELS = 4
_ORDER = [0, 1, 3, 4, 2, 6, 5, 7, 8]  # of the taps


def depthwise(layer: Depthwise) -> KernelCall | None:
    """3x3 taps; other windows stay with the portable kernel."""
    window = layer.window
    y, x = window.y, window.x
    short = short_scaling(layer)
    if (
        short is None
        or (y.taps, x.taps, y.dilation, x.dilation) != (3, 3, 1, 1)
        or x.stride > 2
        or layer.depth_multiplier > 1
        or window.channels < _LEAST_CHANNELS
    ):
        return None
    scaling = layer.scaling
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
            "bias": "bias",
            "multiplier": "multiplier",
            "shift": "shift",
            "per_channel": int(scaling.per_channel),
            "input_zero_point": layer.source.zero_point,
            "zero_point": scaling.zero_point,
            "lowest": scaling.lowest,
            "highest": scaling.highest,
        },
        constants=(
            ConstantArray("weights", _reordered(short.weights)),
            ConstantArray("bias", short.bias, is_weight=layer.bias_is_weight),
            ConstantArray("multiplier", short.multiplier, is_weight=False),
            ConstantArray("shift", short.shift, is_weight=False),
        ),
        scratch_bytes=_columns(window) * _COLUMN_BYTES,
        macs=layer.macs,
        images=window.images,
        rows=window_rows(window),
    )


def _reordered(weights: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    return np.ascontiguousarray(weights[:, _ORDER])


def _columns(window: Window) -> int:
    """That a row of outputs reads; stride 1 makes outputs by threes."""
    outputs = window.x.output
    return -(-outputs // 3) * 3 + 2 if window.x.stride == 1 else 2 * outputs + 1
