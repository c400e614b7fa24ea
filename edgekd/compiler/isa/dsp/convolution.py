"""CONV_2D: firmware/kernels/dsp/conv_2d_s8_dsp.h."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgekd.compiler.isa.common import WINDOW_SOURCES, window_fields, window_rows
from edgekd.compiler.isa.dsp import packing
from edgekd.compiler.layers import Convolution
from edgekd.compiler.lowered import KernelCall

_WORD = 4


def convolution(layer: Convolution) -> KernelCall | None:
    window = layer.window
    height, row_bytes = window.y.taps, window.x.taps * window.channels // layer.groups
    packed = packing.dense_constants(layer, _whole_words_first(height, row_bytes))
    if packed is None or (layer.groups > 1 and layer.outputs // layer.groups % 4 != 0):
        return None
    constants, fields = packed
    rests = -(-height * (row_bytes % _WORD) // _WORD) * _WORD
    return KernelCall(
        function="edgekd_conv_2d_s8_dsp",
        struct="edgekd_conv_2d_s8_dsp",
        sources=("dsp/conv_2d_s8_dsp.c", "dsp/conv_2d_s8_dsp.h", *packing.DENSE_SOURCES, *WINDOW_SOURCES),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={
            **window_fields(window),
            **fields,
            "outputs": layer.outputs,
            "group_inputs": window.channels // layer.groups,
            "group_outputs": layer.outputs // layer.groups,
            "input_zero_point": layer.source.zero_point,
            "row_bytes": row_bytes,
            "contiguous": int(layer.groups == 1 and (window.x.dilation == 1 or window.x.taps == 1)),
        },
        constants=constants,
        scratch_bytes=4 * packing.depth(layer) + 2 * rests + 2 * row_bytes,
        macs=layer.macs,
        images=window.images,
        rows=window_rows(window),
    )


def _whole_words_first(height: int, row_bytes: int) -> npt.NDArray[np.intp]:
    """The inputs of a window in the order of conv_2d_s8_dsp.c."""
    inputs = np.arange(height * row_bytes).reshape(height, row_bytes)
    whole = row_bytes // _WORD * _WORD
    return np.concatenate([inputs[:, :whole].reshape(-1), inputs[:, whole:].reshape(-1)])
