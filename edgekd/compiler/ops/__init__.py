"""Operators: what each becomes. One module a family; `lower` picks by the operator's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches

from edgekd.compiler.graph import Operator
from edgekd.compiler.layers import Layer
from edgekd.compiler.lowered import Lowered
from edgekd.compiler.ops import (
    batch_matmul,
    comparison,
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
from edgekd.compiler.ops.checks import label
from edgekd.errors import InputError

_LOWER: Mapping[str, Callable[[Operator], Layer | Lowered]] = {
    "ABS": lookup.absolute,
    "ADD": elementwise.add,
    "ARG_MAX": reduce.arg_max,
    "ARG_MIN": reduce.arg_min,
    "ASSIGN_VARIABLE": state.assign_variable,
    "AVERAGE_POOL_2D": pool.average_pool_2d,
    "BATCH_MATMUL": batch_matmul.batch_matmul,
    "BATCH_TO_SPACE_ND": gather.batch_to_space_nd,
    "CALL_ONCE": state.nothing,
    "CAST": conversion.cast,
    "CONCATENATION": parts.concatenation,
    "CONV_2D": convolution.conv_2d,
    "DEPTHWISE_CONV_2D": convolution.depthwise_conv_2d,
    "DEPTH_TO_SPACE": movement.depth_to_space,
    "DEQUANTIZE": conversion.dequantize,
    "ELU": lookup.elu,
    "EQUAL": comparison.equal,
    "EXPAND_DIMS": shape.expand_dims,
    "FULLY_CONNECTED": fully_connected.fully_connected,
    "GATHER": gather.gather,
    "GREATER": comparison.greater,
    "GREATER_EQUAL": comparison.greater_equal,
    "HARD_SWISH": lookup.hard_swish,
    "LEAKY_RELU": lookup.leaky_relu,
    "LESS": comparison.less,
    "LESS_EQUAL": comparison.less_equal,
    "LOGICAL_AND": comparison.logical_and,
    "LOGICAL_NOT": comparison.logical_not,
    "LOGICAL_OR": comparison.logical_or,
    "LOGISTIC": lookup.logistic,
    "MAXIMUM": extremes.maximum,
    "MAX_POOL_2D": pool.max_pool_2d,
    "MEAN": reduce.mean,
    "MINIMUM": extremes.minimum,
    "MIRROR_PAD": gather.mirror_pad,
    "MUL": elementwise.mul,
    "NOT_EQUAL": comparison.not_equal,
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
    "RSQRT": lookup.rsqrt,
    "SELECT_V2": comparison.select_v2,
    "SLICE": movement.slice_,
    "SOFTMAX": softmax.softmax,
    "SPACE_TO_BATCH_ND": gather.space_to_batch_nd,
    "SPACE_TO_DEPTH": movement.space_to_depth,
    "SPLIT": parts.split,
    "SPLIT_V": parts.split_v,
    "SQUARED_DIFFERENCE": elementwise.squared_difference,
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

# Of operators that are not there: what to write in the model instead.
_INSTEAD = {
    "RELU_0_TO_1": "write hard-sigmoid as relu6(x + 3) / 6",
    "RELU_N1_TO_1": "limit by minimum and maximum to other numbers, or by tanh",
    "GELU": "use relu, silu or hard-swish",
    "EXP": "softplus and mish are made of it: use relu, silu or hard-swish",
    "LOG": "softplus and mish are made of it: use relu, silu or hard-swish",
    "LOG_SOFTMAX": "return the logits: the largest is the same, and losses take the logarithm by themselves",
    "SELECT": "write torch.where with relu, minimum, maximum, or as a product with a mask",
    "SQRT": "multiply by rsqrt instead of dividing by it",
    "DIV": "multiply by what is known when training ends, or normalize by batch norm or softmax",
    "WHILE": "write the loop out, with a fixed number of steps: a recurrent layer as its cell, once a step",
    "IF": "branches are not compiled: export each as a model of its own",
}


def lower(op: Operator) -> Layer | Lowered:
    """What `op` computes, checked. Raises InputError that names the operator, the tensor and a remedy."""
    lower_one = _LOWER.get(op.name)
    if lower_one is None:
        layer = f", which makes {label(op.outputs[0])}," if op.outputs else ""
        near = get_close_matches(op.name, SUPPORTED, n=3)
        hint = _INSTEAD.get(op.name) or (f"nearest supported: {', '.join(near)}" if near else "replace that layer")
        raise InputError(
            f"{op.where}: this operator{layer} is not supported",
            f"{hint}; firmware/kernels/README.md lists those that are",
        )
    return lower_one(op)
