"""FULLY_CONNECTED, and 1x1 convolutions: firmware/kernels/dsp/fully_connected_s8_dsp.h."""

from __future__ import annotations

from edgekd.compiler.isa.dsp import packing
from edgekd.compiler.isa.dsp.dense_row import dense_row
from edgekd.compiler.layers import Dense
from edgekd.compiler.lowered import KernelCall, Run

_ROWS = 2  # a pass


def dense(layer: Dense) -> KernelCall | None:
    call = dense_row(layer)
    return call if call is not None else _rows(layer)


def _rows(layer: Dense) -> KernelCall | None:
    packed = packing.dense_constants(layer)
    if packed is None:
        return None
    constants, fields = packed
    return KernelCall(
        function="edgekd_fully_connected_s8_dsp",
        struct="edgekd_fully_connected_s8_dsp",
        sources=("dsp/fully_connected_s8_dsp.c", "dsp/fully_connected_s8_dsp.h", *packing.DENSE_SOURCES),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={**fields, "inputs": layer.depth, "outputs": layer.outputs},
        constants=constants,
        scratch_bytes=2 * packing.depth(layer) * min(layer.rows, _ROWS),
        macs=layer.macs,
        run=Run(layer.rows, buffered=min(layer.rows, _ROWS)),
    )
