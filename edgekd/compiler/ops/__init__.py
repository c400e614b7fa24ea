"""Operators: what each becomes. One module a family; `lower` picks by the operator's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches

from edgekd.compiler.graph import Operator
from edgekd.compiler.layers import Layer
from edgekd.compiler.lowered import Lowered
from edgekd.compiler.ops import (
    conversion,
    convolution,
    elementwise,
    extremes,
    fully_connected,
    gather,
    lookup,
    movement,
    parts,
    pool,
    reduce,
    resize,
    shape,
    softmax,
    state,
    transpose_conv,
)
from edgekd.errors import InputError

_LOWER: Mapping[str, Callable[[Operator], Layer | Lowered]] = {
    "ADD": elementwise.add,
    "ARG_MAX": reduce.arg_max,
    "ARG_MIN": reduce.arg_min,
    "ASSIGN_VARIABLE": state.assign_variable,
    "AVERAGE_POOL_2D": pool.average_pool_2d,
    "BATCH_TO_SPACE_ND": gather.batch_to_space_nd,
    "CALL_ONCE": state.nothing,
    "CONCATENATION": parts.concatenation,
    "CONV_2D": convolution.conv_2d,
    "DEPTHWISE_CONV_2D": convolution.depthwise_conv_2d,
    "DEPTH_TO_SPACE": movement.depth_to_space,
    "DEQUANTIZE": conversion.dequantize,
    "ELU": lookup.elu,
    "EXPAND_DIMS": shape.expand_dims,
    "FULLY_CONNECTED": fully_connected.fully_connected,
    "GATHER": gather.gather,
    "HARD_SWISH": lookup.hard_swish,
    "LEAKY_RELU": lookup.leaky_relu,
    "LOGISTIC": lookup.logistic,
    "MAXIMUM": extremes.maximum,
    "MAX_POOL_2D": pool.max_pool_2d,
    "MEAN": reduce.mean,
    "MINIMUM": extremes.minimum,
    "MIRROR_PAD": gather.mirror_pad,
    "MUL": elementwise.mul,
    "PACK": parts.pack,
    "PAD": movement.pad,
    "PADV2": movement.pad,
    "PRELU": extremes.prelu,
    "QUANTIZE": conversion.quantize,
    "READ_VARIABLE": state.read_variable,
    "REDUCE_MAX": reduce.reduce_max,
    "REDUCE_MIN": reduce.reduce_min,
    "RELU": lookup.relu,
    "RELU6": lookup.relu6,
    "RESHAPE": shape.reshape,
    "RESIZE_BILINEAR": resize.resize_bilinear,
    "RESIZE_NEAREST_NEIGHBOR": gather.resize_nearest_neighbor,
    "REVERSE_V2": gather.reverse,
    "SLICE": movement.slice_,
    "SOFTMAX": softmax.softmax,
    "SPACE_TO_BATCH_ND": gather.space_to_batch_nd,
    "SPACE_TO_DEPTH": movement.space_to_depth,
    "SPLIT": parts.split,
    "SPLIT_V": parts.split_v,
    "SQUEEZE": shape.squeeze,
    "STRIDED_SLICE": movement.strided_slice,
    "SUB": elementwise.sub,
    "SUM": reduce.reduce_sum,
    "SVDF": state.svdf,
    "TANH": lookup.tanh,
    "TRANSPOSE": movement.transpose,
    "TRANSPOSE_CONV": transpose_conv.transpose_conv,
    "UNPACK": parts.unpack,
    "VAR_HANDLE": state.nothing,
}

SUPPORTED: tuple[str, ...] = tuple(_LOWER)

# Of operators that TensorFlow Lite Micro does not have either: what to write in the model instead.
_INSTEAD = {
    "RELU_0_TO_1": "TensorFlow Lite Micro has it neither: write hard-sigmoid as relu6(x + 3) / 6",
    "RELU_N1_TO_1": "TensorFlow Lite Micro has it neither: limit by minimum and maximum to other numbers, or by tanh",
    "GELU": "TensorFlow Lite Micro has it neither: use relu or hard-swish",
}


def lower(op: Operator) -> Layer | Lowered:
    """What `op` computes, checked. Raises InputError that names the operator, the tensor and a remedy."""
    lower_one = _LOWER.get(op.name)
    if lower_one is None:
        near = get_close_matches(op.name, SUPPORTED, n=1)
        hint = f"nearest supported: {near[0]}; " if near else ""
        if op.name in _INSTEAD:
            hint = f"{_INSTEAD[op.name]}; "
        raise InputError(f"{op.where}: this operator is not supported", f"{hint}supported are {', '.join(SUPPORTED)}")
    return lower_one(op)
