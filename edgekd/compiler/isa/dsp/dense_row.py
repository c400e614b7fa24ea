"""FULLY_CONNECTED of one row, one scale for all outputs: firmware/kernels/dsp/dense_row_s8_dsp.h."""

from __future__ import annotations

import numpy as np

from edgekd.compiler.isa.dsp import packing
from edgekd.compiler.layers import Dense
from edgekd.compiler.lowered import ConstantArray, KernelCall

_INPUTS, _OUTPUTS = 8, 8  # multiples that the kernel takes
_MOST = (1 << 15) - 1

SOURCES = (
    "dsp/clamp_dsp.h",
    "dsp/dense_row_s8_dsp.c",
    "dsp/dense_row_s8_dsp.h",
    "dsp/dense_s8_dsp.h",
    "dsp/requantize_dsp.h",
    "dsp/words_dsp.h",
    "requantize.h",
)


def dense_row(layer: Dense) -> KernelCall | None:
    if layer.rows != 1 or layer.scaling.per_channel or layer.depth % _INPUTS or layer.outputs % _OUTPUTS:
        return None
    words_of = packing.sum_words(layer)
    if words_of is None or max(layer.depth, layer.outputs) > _MOST:
        return None
    words, short = words_of
    biases = packing.pair_biases(short).reshape(-1, _OUTPUTS)
    weights = words.reshape(len(biases), _OUTPUTS // 2, -1).transpose(0, 2, 1).reshape(len(biases), -1)
    blocks = np.concatenate([biases, weights], axis=1)
    tables = biases.nbytes if not layer.bias_is_weight else 0
    return KernelCall(
        function="edgekd_dense_row_s8_dsp",
        struct="edgekd_dense_row_s8_dsp",
        sources=SOURCES,
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={
            "blocks": "blocks",
            "multiplier": int(short.multiplier[0]),
            "depth": layer.depth,
            "outputs": layer.outputs,
            "shift": int(short.shift[0]),
            "zero_point": layer.scaling.zero_point,
            "lowest": layer.scaling.lowest,
            "highest": layer.scaling.highest,
        },
        constants=(ConstantArray("blocks", blocks, table_bytes=tables),),
        macs=layer.macs,
    )
