"""Dense layers and convolutions: firmware/kernels/mve/dense_s8_mve.h and what is built on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.isa.common import WINDOW_SOURCES, window_fields, window_rows
from edgekd.compiler.isa.mve.scaling import VectorScaling, factors, vector_scaling
from edgekd.compiler.layers import Convolution, Dense, Sums
from edgekd.compiler.lowered import ConstantArray, FieldValue, KernelCall, Run

_LANES = 16  # products of an instruction
_QUAD = 4  # outputs of a pass
_POINTER_BYTES = 4
_HEADERS = ("mve/fully_connected_s8_mve.h", "mve/dense_s8_mve.h", "mve/requantize_mve.h")
_SOURCES = ("mve/dense_s8_mve.c", "mve/dense_s8_mve.h", "mve/requantize_mve.h", "mve/copy_mve.h")


def dense(layer: Dense) -> KernelCall | None:
    scaling = vector_scaling(layer.scaling)
    if scaling is None:
        return None
    if layer.rows == 1 and layer.depth < _LANES:
        return _short(layer, scaling)
    # A single row in whole vectors is read where it is. Several are copied, so that outputs may go over their inputs.
    direct = layer.rows == 1 and layer.depth % _LANES == 0
    return KernelCall(
        function=f"edgekd_fully_connected_{'direct_' if direct else ''}s8_mve",
        struct="edgekd_fully_connected_s8_mve",
        sources=("mve/fully_connected_s8_mve.c", "mve/fully_connected_s8_mve.h", *_SOURCES),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={**_fields(layer, scaling, layer.depth, groups=1), "depth": layer.depth},
        constants=_constants(layer, scaling, groups=1),
        scratch_bytes=0 if direct else min(layer.rows, 2) * _steps(layer.depth) * _LANES,
        macs=layer.macs,
        run=Run(layer.rows) if direct else Run(layer.rows, buffered=min(layer.rows, 2)),
    )


def _short(layer: Dense, scaling: VectorScaling) -> KernelCall:
    """One row of less than a vector, whose weights are not filled up."""
    weights, *tables = _constants(layer, scaling, groups=1)
    outputs = -(-layer.outputs // _QUAD) * _QUAD
    filled = np.zeros(outputs * layer.depth + _LANES - layer.depth, np.int8)
    filled[: layer.weights.size] = layer.weights.reshape(-1)
    return KernelCall(
        function="edgekd_fully_connected_short_s8_mve",
        struct="edgekd_fully_connected_s8_mve",
        sources=("mve/fully_connected_short_s8_mve.c", *_HEADERS),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={**_fields(layer, scaling, layer.depth, groups=1), "depth": layer.depth},
        constants=(replace(weights, values=filled), *tables),
        in_place=((0, 0),),
        macs=layer.macs,
    )


def convolution(layer: Convolution) -> KernelCall | None:
    scaling = vector_scaling(layer.scaling)
    if scaling is None:
        return None
    return KernelCall(
        function="edgekd_conv_2d_s8_mve",
        struct="edgekd_conv_2d_s8_mve",
        sources=("mve/conv_2d_s8_mve.c", "mve/conv_2d_s8_mve.h", *_SOURCES, *WINDOW_SOURCES),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={
            **window_fields(layer.window),
            **_fields(layer, scaling, layer.depth, layer.groups),
            "groups": layer.groups,
            "input_zero_point": layer.source.zero_point,
        },
        constants=_constants(layer, scaling, layer.groups),
        scratch_bytes=2 * _steps(layer.depth) * _LANES + layer.window.y.taps * _POINTER_BYTES,
        macs=layer.macs,
        images=layer.window.images,
        rows=window_rows(layer.window),
    )


def _steps(depth: int) -> int:
    return -(-depth // _LANES)


def _fields(layer: Sums, scaling: VectorScaling, depth: int, groups: int) -> dict[str, FieldValue]:
    return {
        "dense.weights": "weights",
        "dense.bias": "bias",
        **scaling.fields("dense.scaling", step=_QUAD + 1 if layer.scaling.per_channel else 0),
        "dense.steps": _steps(depth),
        "dense.outputs": layer.outputs // groups,
    }


def _constants(layer: Sums, scaling: VectorScaling, groups: int) -> tuple[ConstantArray, ...]:
    if layer.scaling.per_channel:
        multiplier, shift = _in_quads(layer.scaling.multiplier, groups), _in_quads(scaling.shift, groups)
    else:
        multiplier, shift = (
            np.repeat(values[np.newaxis], _QUAD, axis=1) for values in (layer.scaling.multiplier, scaling.shift)
        )
    return (
        ConstantArray("weights", _interleaved(layer.by_output(), groups)),
        ConstantArray("bias", _in_quads(layer.bias, groups), is_weight=layer.bias_is_weight),
        factors(multiplier, shift),
    )


def _in_quads(values: npt.NDArray[Any], groups: int) -> npt.NDArray[Any]:
    """[outputs] as [quads][4], those of each group filled up."""
    grouped = values.reshape(groups, -1)
    return np.pad(grouped, ((0, 0), (0, -grouped.shape[1] % _QUAD))).reshape(-1, _QUAD)


def _interleaved(rows: npt.NDArray[np.int8], groups: int) -> npt.NDArray[np.int8]:
    """[outputs][depth] as [quads][steps][4 outputs][16]."""
    grouped = rows.reshape(groups, -1, rows.shape[1])
    filled = np.pad(grouped, ((0, 0), (0, -grouped.shape[1] % _QUAD), (0, -rows.shape[1] % _LANES)))
    steps = filled.shape[2] // _LANES
    return np.ascontiguousarray(filled.reshape(-1, _QUAD, steps, _LANES).swapaxes(1, 2))
