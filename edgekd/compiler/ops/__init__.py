"""Operators: what each becomes. One module a family; `lower` picks by the operator's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches

from edgekd.compiler.graph import Operator
from edgekd.compiler.isa import choose
from edgekd.compiler.layers import Layer
from edgekd.compiler.lowered import Lowered
from edgekd.compiler.ops import (
    conversion,
    convolution,
    elementwise,
    fully_connected,
    lookup,
    movement,
    parts,
    pool,
    reduce,
    shape,
    softmax,
)
from edgekd.compiler.targets import Target
from edgekd.errors import InputError

_LOWER: Mapping[str, Callable[[Operator], Layer | Lowered]] = {
    "ADD": elementwise.add,
    "AVERAGE_POOL_2D": pool.average_pool_2d,
    "CONCATENATION": parts.concatenation,
    "CONV_2D": convolution.conv_2d,
    "DEPTHWISE_CONV_2D": convolution.depthwise_conv_2d,
    "DEQUANTIZE": conversion.dequantize,
    "EXPAND_DIMS": shape.expand_dims,
    "FULLY_CONNECTED": fully_connected.fully_connected,
    "HARD_SWISH": lookup.hard_swish,
    "LEAKY_RELU": lookup.leaky_relu,
    "LOGISTIC": lookup.logistic,
    "MAX_POOL_2D": pool.max_pool_2d,
    "MEAN": reduce.mean,
    "MUL": elementwise.mul,
    "PAD": movement.pad,
    "PADV2": movement.pad,
    "QUANTIZE": conversion.quantize,
    "RELU": lookup.relu,
    "RELU6": lookup.relu6,
    "RESHAPE": shape.reshape,
    "SOFTMAX": softmax.softmax,
    "SPLIT": parts.split,
    "SPLIT_V": parts.split_v,
    "SQUEEZE": shape.squeeze,
    "STRIDED_SLICE": movement.strided_slice,
    "SUB": elementwise.sub,
    "SUM": reduce.reduce_sum,
    "TANH": lookup.tanh,
    "TRANSPOSE": movement.transpose,
}

SUPPORTED: tuple[str, ...] = tuple(_LOWER)


def lower(op: Operator, target: Target) -> Lowered:
    """What `op` becomes on `target`. Raises InputError that names the operator, the tensor and a remedy."""
    lower_one = _LOWER.get(op.name)
    if lower_one is None:
        near = get_close_matches(op.name, SUPPORTED, n=1)
        hint = f"nearest supported: {near[0]}; " if near else ""
        raise InputError(f"{op.where}: this operator is not supported", f"{hint}supported are {', '.join(SUPPORTED)}")
    lowered = lower_one(op)
    return lowered if isinstance(lowered, Lowered) else choose(lowered, target)
