"""AVERAGE_POOL_2D and MAX_POOL_2D."""

from __future__ import annotations

from edgekd.compiler.graph import Operator
from edgekd.compiler.lowered import KernelCall
from edgekd.compiler.ops import window as windows
from edgekd.compiler.ops.checks import CONVERT_INT8, fail, label, limits, output, quantized, rank, required, summable
from edgekd.compiler.ops.window import window_of

_SCALE_TOLERANCE = 1e-6  # what TensorFlow Lite Micro accepts (PoolingPrepare)


def average_pool_2d(op: Operator) -> KernelCall:
    summable(op, op.options["filter_height"] * op.options["filter_width"])
    return _pool(op, "average_pool_2d_s8")


def max_pool_2d(op: Operator) -> KernelCall:
    return _pool(op, "max_pool_2d_s8")


def _pool(op: Operator, kernel: str) -> KernelCall:
    (source,) = required(op, 1)
    target = output(op)
    quantized(op, source, target)
    if abs(source.scale - target.scale) > _SCALE_TOLERANCE or source.zero_point != target.zero_point:
        fail(op, f"{label(source)} and {label(target)} differ in scale or zero point", CONVERT_INT8)
    rank(op, source, 4)
    height, width = op.options["filter_height"], op.options["filter_width"]
    window = window_of(op, source, target, height, width, channels=source.shape[3], dilated=False)
    return KernelCall(
        function=f"edgekd_{kernel}",
        struct="edgekd_pool_2d_s8",
        sources=(f"{kernel}.c", "pool_2d_s8.h", "requantize.h", *windows.SOURCES),
        inputs=(source,),
        outputs=(target,),
        fields={**window.fields(), **limits(op, target)},
    )
