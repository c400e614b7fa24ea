"""Depthwise convolutions (firmware/kernels/scalar/depthwise_conv_2d_s8_scalar.c)."""

from __future__ import annotations

import numpy as np

from edgekd.compiler.isa.common import WINDOW_SOURCES, window_fields, window_rows
from edgekd.compiler.isa.scalar import requantize
from edgekd.compiler.layers import Depthwise
from edgekd.compiler.lowered import ConstantArray, KernelCall

_STRUCT = "depthwise_conv_2d_s8_scalar"


def depthwise(layer: Depthwise) -> KernelCall:
    window = layer.window
    row_width = (window.x.output - 1) * window.x.stride + window.x.reach
    source, function = _kernel(layer)
    return KernelCall(
        function=f"edgekd_{function}",
        struct=f"edgekd_{_STRUCT}",
        sources=(
            f"scalar/{source}.c",
            f"scalar/{_STRUCT}.h",
            "scalar/depthwise_pixels_scalar.h",
            "scalar/depthwise_walk_scalar.c",
            *requantize.COPY_SOURCES,
            *requantize.SOURCES,
            *WINDOW_SOURCES,
        ),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={
            **window_fields(window),
            "weights": "weights",
            **requantize.fields(layer),
            "depth_multiplier": layer.depth_multiplier,
            "row_width": row_width,
            "input_zero_point": layer.source.zero_point,
        },
        constants=(
            ConstantArray("weights", np.ascontiguousarray(layer.by_output())),
            *requantize.constants(layer),
        ),
        scratch_bytes=window.y.taps * row_width * window.channels,
        macs=layer.macs,
        images=window.images,
        rows=window_rows(window),
    )


def is_3x3(layer: Depthwise) -> bool:
    """Whether windows are 3x3 neighbouring taps that move by one or two, and no channel is read twice."""
    x = layer.window.x
    taps = (layer.window.y.taps, x.taps)
    return taps == (3, 3) and x.dilation == 1 and x.stride <= 2 and layer.depth_multiplier == 1


def _kernel(layer: Depthwise) -> tuple[str, str]:
    """The source and the function without its prefix."""
    if not is_3x3(layer):
        return _STRUCT, _STRUCT
    stride = "_stride_2" if layer.window.x.stride == 2 else ""
    return "depthwise_3x3_s8_scalar", f"depthwise_3x3{stride}_s8_scalar"
