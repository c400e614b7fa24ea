"""Dense layers and convolutions of several rows: several sums a multiplication.

firmware/kernels/riscv/packed_sums_riscv.h explains how they fit a word.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgekd.compiler.isa.common import WINDOW_SOURCES, window_fields, window_rows
from edgekd.compiler.isa.riscv.dense_row import dense_row
from edgekd.compiler.isa.scalar import requantize
from edgekd.compiler.layers import Convolution, Dense
from edgekd.compiler.lowered import ConstantArray, FieldValue, KernelCall, Run

_WORDS = 2  # an input
_TILES = (8, 4)  # outputs
_UNROLLED = 4  # inputs
_FIT = {4: 1 << 15, 3: 1 << 20}  # by rows: what their sums stay below
_WORTHWHILE = 32  # inputs a segment: taking sums of four rows apart takes the time of about five
_SOURCES = (
    "riscv/packed_sums_riscv.c",
    "riscv/packed_sums_riscv.h",
    *requantize.SOURCES,
)


def dense(layer: Dense) -> KernelCall | None:
    """None for a single row, with which no other could share words, unless dense_row takes it."""
    if layer.rows == 1:
        return dense_row(layer)
    return KernelCall(
        function="edgekd_dense_s8_riscv",
        struct="edgekd_dense_s8_riscv",
        sources=("riscv/dense_s8_riscv.c", "riscv/dense_s8_riscv.h", *_SOURCES),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={**_fields(layer), "outputs": layer.outputs},
        constants=(ConstantArray("weights", _tiles(layer.weights, groups=1)), *requantize.constants(layer)),
        scratch_bytes=4 * _WORDS * layer.depth,
        macs=layer.macs,
        run=Run(layer.rows, buffered=1),
    )


def convolution(layer: Convolution) -> KernelCall | None:
    """None for a single window."""
    window = layer.window
    if window.y.output * window.x.output == 1:
        return None
    return KernelCall(
        function="edgekd_conv_2d_s8_riscv",
        struct="edgekd_conv_2d_s8_riscv",
        sources=(
            "riscv/conv_2d_s8_riscv.c",
            "riscv/conv_2d_s8_riscv.h",
            *_SOURCES,
            *requantize.COPY_SOURCES,
            *WINDOW_SOURCES,
        ),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={
            **window_fields(window),
            **_fields(layer),
            "groups": layer.groups,
            "outputs": layer.outputs,
            "input_zero_point": layer.source.zero_point,
        },
        constants=(
            ConstantArray("weights", _tiles(layer.by_output(), layer.groups)),
            *requantize.constants(layer),
        ),
        scratch_bytes=4 * _WORDS * layer.depth + _copied_bytes(layer),
        macs=layer.macs,
        images=window.images,
        rows=window_rows(window),
    )


def _copied_bytes(layer: Convolution) -> int:
    """Of a row of taps of each window, which may have to be copied before they are packed."""
    in_one_piece = layer.groups == 1 and layer.window.x.dilation == 1 and not layer.window.leaves_image
    if in_one_piece:
        return 0
    rows, _ = _rows_and_segment(layer.by_output())
    return rows * (layer.depth // layer.window.y.taps)


def _fields(layer: Dense | Convolution) -> dict[str, FieldValue]:
    rows, segment = _rows_and_segment(layer.by_output())
    values = {
        "weights": "weights",
        "depth": layer.depth,
        "segment": segment,
        "rows": rows,
        **requantize.fields(layer),
    }
    return {f"sums.{name}": value for name, value in values.items()}


def _rows_and_segment(weights: npt.NDArray[np.int8]) -> tuple[int, int]:
    """How many rows share words, and how many products of each fit, whatever the inputs."""
    segment = _longest_segment(weights, _FIT[4])
    if segment >= min(_WORTHWHILE, weights.shape[1]):
        return 4, segment
    return 3, _longest_segment(weights, _FIT[3])


def _longest_segment(weights: npt.NDArray[np.int8], below: int) -> int:
    """Products after which sums, from 0 on, are still smaller: a multiple of _UNROLLED, which may be 0."""
    depth = weights.shape[1]
    sums = 128 * np.abs(weights.astype(np.int64)).cumsum(axis=1)
    sums = np.pad(sums, ((0, 0), (1, 0)))
    for segment in range(-(-depth // _UNROLLED) * _UNROLLED, 0, -_UNROLLED):
        ends = np.append(np.arange(0, depth, segment), depth)
        if np.diff(sums[:, ends], axis=1).max() < below:
            return segment
    return 0


def _tiles(weights: npt.NDArray[np.int8], groups: int) -> npt.NDArray[np.int8]:
    """[outputs][depth] with the outputs of each tile interleaved."""
    tiles = []
    for group in np.split(weights, groups):
        while len(group):
            outputs = next((tile for tile in _TILES if tile <= len(group)), len(group))
            tiles.append(group[:outputs].T.ravel())
            group = group[outputs:]
    return np.concatenate(tiles)
