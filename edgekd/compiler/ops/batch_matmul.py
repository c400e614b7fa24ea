"""BATCH_MATMUL: what attention is made of."""

from __future__ import annotations

from math import prod

from edgekd.compiler.graph import Operator
from edgekd.compiler.lowered import KernelCall
from edgekd.compiler.ops import axes
from edgekd.compiler.ops.axes import Axis
from edgekd.compiler.ops.checks import (
    CONVERT_AGAIN,
    fail,
    label,
    multiplier,
    output,
    quantized,
    required,
    shape_is,
    strides_of,
    summable,
)

_BATCH_AXES = 3  # EDGEKD_BATCH_MATMUL_AXES


def batch_matmul(op: Operator) -> KernelCall:
    """int8: the last two dimensions are matrices, those before them batches, with broadcasting.

    The factor is a quotient of doubles (GetQuantizedConvolutionMultipler, as for dense layers).
    """
    a, b = required(op, 2)
    target = output(op)
    quantized(op, a, b, target)
    for x in (a, b):
        if len(x.shape) < 2:
            fail(op, f"{label(x)} of shape {list(x.shape)} is no matrix", CONVERT_AGAIN)
    rows, depth, row_a, depth_a = _matrix(a.shape, transposed=op.options["adj_x"])
    depth_of_b, columns, depth_b, column_b = _matrix(b.shape, transposed=op.options["adj_y"])
    dimensions = max(len(a.shape), len(b.shape)) - 2
    batches_a, batches_b = ((1,) * (dimensions + 2 - len(x.shape)) + x.shape[:-2] for x in (a, b))
    fits = all(m == n or 1 in (m, n) for m, n in zip(batches_a, batches_b, strict=True))
    if depth != depth_of_b or not fits:
        fail(
            op,
            f"{label(a)} of shape {list(a.shape)} and {label(b)} of shape {list(b.shape)} cannot be multiplied",
            CONVERT_AGAIN,
        )
    batches = [max(pair) for pair in zip(batches_a, batches_b, strict=True)]
    shape_is(op, target, (*batches, rows, columns))
    summable(op, depth * 256)  # products have 16 bits
    steps_a = [n * rows * depth for n in strides_of(batches_a)]
    steps_b = [n * depth * columns for n in strides_of(batches_b)]
    walk = [
        Axis(size, (0 if m == 1 else step_a, 0 if n == 1 else step_b))
        for size, m, n, step_a, step_b in zip(batches, batches_a, batches_b, steps_a, steps_b, strict=True)
    ]
    fitted = axes.padded(axes.joined(walk), _BATCH_AXES, tensors=2)
    if fitted is None:
        fail(op, f"the batches of {list(a.shape)} and {list(b.shape)} are repeated in too many places")
    factor, shift = multiplier(op, a.scale * b.scale / target.scale)
    return KernelCall(
        function="edgekd_batch_matmul_s8",
        struct="edgekd_batch_matmul_s8",
        sources=("batch_matmul_s8.c", "batch_matmul_s8.h", "requantize.h"),
        inputs=(a, b),
        outputs=(target,),
        fields={
            "shape": axes.sizes(fitted),
            "batch_a": axes.strides(fitted, 0),
            "batch_b": axes.strides(fitted, 1),
            "rows": rows,
            "depth": depth,
            "columns": columns,
            "row_a": row_a,
            "depth_a": depth_a,
            "depth_b": depth_b,
            "column_b": column_b,
            "zero_point_a": a.zero_point,
            "zero_point_b": b.zero_point,
            "zero_point": target.zero_point,
            "multiplier": factor,
            "shift": shift,
        },
        macs=prod(batches) * rows * depth * columns,
    )


def _matrix(shape: tuple[int, ...], *, transposed: bool) -> tuple[int, int, int, int]:
    """Rows and columns, and how far apart neighbours are in a column and in a row."""
    rows, columns = shape[-2:]
    return (columns, rows, 1, columns) if transposed else (rows, columns, columns, 1)
