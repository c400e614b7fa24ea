"""Dense layers and convolutions: weighted sums of rows (firmware/kernels/scalar/sums_scalar.c)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgekd.compiler.isa.common import WINDOW_SOURCES, window_fields, window_rows
from edgekd.compiler.isa.scalar import requantize
from edgekd.compiler.layers import Convolution, Dense
from edgekd.compiler.lowered import ConstantArray, FieldValue, KernelCall, Run

_TILE = 4  # outputs
_ROWS = 2  # EDGEKD_ROWS_SCALAR, at most
_SOURCES = (
    "scalar/sums_scalar.c",
    "scalar/sums_scalar.h",
    *requantize.COPY_SOURCES,
    *requantize.SOURCES,
)


def dense(layer: Dense) -> KernelCall:
    return KernelCall(
        function="edgekd_dense_s8_scalar",
        struct="edgekd_dense_s8_scalar",
        sources=("scalar/dense_s8_scalar.c", "scalar/dense_s8_scalar.h", *_SOURCES),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={**_fields(layer, layer.depth), "outputs": layer.outputs},
        constants=(ConstantArray("weights", _tiles(layer.weights, groups=1)), *requantize.constants(layer)),
        scratch_bytes=min(layer.rows, _ROWS) * layer.depth,
        macs=layer.macs,
        run=Run(layer.rows, buffered=1),
    )


def convolution(layer: Convolution) -> KernelCall:
    window = layer.window
    return KernelCall(
        function="edgekd_conv_2d_s8_scalar",
        struct="edgekd_conv_2d_s8_scalar",
        sources=("scalar/conv_2d_s8_scalar.c", "scalar/conv_2d_s8_scalar.h", *_SOURCES, *WINDOW_SOURCES),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={
            **window_fields(window),
            **_fields(layer, layer.depth),
            "groups": layer.groups,
            "outputs": layer.outputs,
            "input_zero_point": layer.source.zero_point,
        },
        constants=(
            ConstantArray("weights", _tiles(layer.by_output(), layer.groups)),
            *requantize.constants(layer),
        ),
        scratch_bytes=min(window.x.output, _ROWS) * layer.depth,
        macs=layer.macs,
        images=window.images,
        rows=window_rows(window),
    )


def _fields(layer: Dense | Convolution, depth: int) -> dict[str, FieldValue]:
    values = {"weights": "weights", "depth": depth, **requantize.fields(layer)}
    return {f"sums.{name}": value for name, value in values.items()}


def _tiles(weights: npt.NDArray[np.int8], groups: int) -> npt.NDArray[np.int8]:
    """[outputs][depth] with every four outputs of a group interleaved, and what is left of it."""
    tiles = []
    for group in np.split(weights, groups):
        tiles += [group[first : first + _TILE].T.ravel() for first in range(0, len(group), _TILE)]
    return np.concatenate(tiles)
