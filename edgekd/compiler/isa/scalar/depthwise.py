"""Depthwise convolutions (firmware/kernels/scalar/depthwise_conv_2d_s8_scalar.c)."""

from __future__ import annotations

import numpy as np

from edgekd.compiler.isa.common import WINDOW_SOURCES, window_fields, window_rows
from edgekd.compiler.isa.scalar import requantize
from edgekd.compiler.layers import Depthwise
from edgekd.compiler.lowered import ConstantArray, KernelCall

_NAME = "depthwise_conv_2d_s8_scalar"


def depthwise(layer: Depthwise) -> KernelCall:
    window = layer.window
    row_width = (window.x.output - 1) * window.x.stride + window.x.reach
    return KernelCall(
        function=f"edgekd_{_NAME}",
        struct=f"edgekd_{_NAME}",
        sources=(
            f"scalar/{_NAME}.c",
            f"scalar/{_NAME}.h",
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
