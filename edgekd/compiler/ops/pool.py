"""AVERAGE_POOL_2D and MAX_POOL_2D."""

from __future__ import annotations

from typing import Literal

from edgekd.compiler.graph import Operator
from edgekd.compiler.layers import Pool
from edgekd.compiler.lowered import KernelCall
from edgekd.compiler.ops import functions_16
from edgekd.compiler.ops.checks import (
    CONVERT_INT8,
    fail,
    is_16,
    label,
    limits,
    output,
    quantized,
    quantized_16,
    rank,
    required,
    summable,
)
from edgekd.compiler.ops.window import window_of

_SCALE_TOLERANCE = 1e-6  # what TensorFlow Lite Micro accepts (PoolingPrepare)


def average_pool_2d(op: Operator) -> Pool | KernelCall:
    summable(op, op.options["filter_height"] * op.options["filter_width"])
    return _pool(op, "average")


def max_pool_2d(op: Operator) -> Pool | KernelCall:
    return _pool(op, "max")


def _pool(op: Operator, kind: Literal["average", "max"]) -> Pool | KernelCall:
    (source,) = required(op, 1)
    target = output(op)
    if is_16(op):
        quantized_16(op, source, target)
    else:
        quantized(op, source, target)
    if abs(source.scale - target.scale) > _SCALE_TOLERANCE or source.zero_point != target.zero_point:
        fail(op, f"{label(source)} and {label(target)} differ in scale or zero point", CONVERT_INT8)
    rank(op, source, 4)
    height, width = op.options["filter_height"], op.options["filter_width"]
    window = window_of(op, source, target, height, width, channels=source.shape[3], dilated=False)
    if is_16(op):
        return functions_16.pool(op, kind, source, target, window)
    return Pool(source, target, window, kind, **limits(op, target))
