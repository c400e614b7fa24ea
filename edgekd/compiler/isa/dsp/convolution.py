"""CONV_2D: firmware/kernels/dsp/conv_2d_s8_dsp.h."""

from __future__ import annotations

from edgekd.compiler.isa.common import WINDOW_SOURCES, window_fields, window_rows
from edgekd.compiler.isa.dsp import packing
from edgekd.compiler.layers import Convolution
from edgekd.compiler.lowered import KernelCall


def convolution(layer: Convolution) -> KernelCall | None:
    packed = packing.dense_constants(layer)
    if packed is None or (layer.groups > 1 and layer.outputs // layer.groups % 4 != 0):
        return None
    constants, fields = packed
    window = layer.window
    contiguous = layer.groups == 1 and (window.x.dilation == 1 or window.x.taps == 1)
    return KernelCall(
        function="edgekd_conv_2d_s8_dsp",
        struct="edgekd_conv_2d_s8_dsp",
        sources=("dsp/conv_2d_s8_dsp.c", "dsp/conv_2d_s8_dsp.h", *packing.DENSE_SOURCES, *WINDOW_SOURCES),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={
            **window_fields(window),
            **fields,
            "groups": layer.groups,
            "outputs": layer.outputs,
            "input_zero_point": layer.source.zero_point,
            "whole_words": int(contiguous and window.x.taps * window.channels % 4 == 0),
        },
        constants=constants,
        scratch_bytes=5 * packing.depth(layer),
        macs=layer.macs,
        images=window.images,
        rows=window_rows(window),
    )
