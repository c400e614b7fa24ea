"""FULLY_CONNECTED of one row: two sums a multiplication (firmware/kernels/riscv/dense_row_s8_riscv.c)."""

from __future__ import annotations

from itertools import chain

import numpy as np
import numpy.typing as npt

from edgekd.compiler.isa.scalar import requantize
from edgekd.compiler.layers import Dense
from edgekd.compiler.lowered import ConstantArray, KernelCall

_TILE = 8  # outputs
_UNROLLED = 2  # inputs
_LONGEST = 255  # of a segment, in pairs of inputs
_SUMS_BELOW = 1 << 15
_WORTHWHILE = 6  # inputs a segment, on average: the scalar kernel takes as long with segments of about five


def dense_row(layer: Dense) -> KernelCall | None:
    """None for layers of other shapes, and for weights so large that segments are too short."""
    if layer.rows != 1 or layer.depth % _UNROLLED or layer.outputs % _TILE:
        return None
    tiles = layer.weights.reshape(-1, _TILE, layer.depth)
    segments = [_segments(tile) for tile in tiles]
    cuts = [*chain(*segments)]
    if not all(segments) or layer.depth * len(tiles) < _WORTHWHILE * len(cuts):
        return None
    words = (tiles.transpose(0, 2, 1).astype(np.int16) + 128).astype(np.uint8).copy().view(np.int32)
    return KernelCall(
        function="edgekd_dense_row_s8_riscv",
        struct="edgekd_dense_row_s8_riscv",
        sources=("riscv/dense_row_s8_riscv.c", "riscv/dense_row_s8_riscv.h", *requantize.SOURCES),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={
            "words": "words",
            "segments": "segments",
            **requantize.fields(layer),
            "depth": layer.depth,
            "outputs": layer.outputs,
        },
        constants=(
            ConstantArray("words", words),
            ConstantArray("segments", np.array(cuts, np.uint8), is_weight=False),
            *requantize.constants(layer),
        ),
        macs=layer.macs,
    )


def _segments(weights: npt.NDArray[np.int8]) -> list[int]:
    """How many pairs of inputs fit 16 bits, whatever they are, from one cut to the next: none if a pair does not."""
    pairs = 128 * np.abs(weights.astype(np.int64)).reshape(len(weights), -1, _UNROLLED).sum(axis=2)
    if pairs.max() >= _SUMS_BELOW:
        return []
    cuts = [0]
    sums = np.zeros(len(weights), np.int64)
    for pair in range(pairs.shape[1]):
        sums += pairs[:, pair]
        if sums.max() >= _SUMS_BELOW or pair - cuts[-1] == _LONGEST:
            cuts.append(pair)
            sums = pairs[:, pair].copy()
    return [int(count) for count in np.diff([*cuts, pairs.shape[1]])]
