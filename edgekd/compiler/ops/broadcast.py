"""Two operands of different shapes, walked together (firmware/kernels/broadcast.h)."""

from __future__ import annotations

from collections.abc import Sequence

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.lowered import FieldValue
from edgekd.compiler.ops import axes
from edgekd.compiler.ops.axes import Axis
from edgekd.compiler.ops.checks import CONVERT_AGAIN, fail, shape_is, strides_of

_AXES = 5  # EDGEKD_BROADCAST_AXES


def walk_of(op: Operator, a: Tensor, b: Tensor, target: Tensor) -> dict[str, FieldValue]:
    """The field `walk`: the output's axes and how each operand moves along them."""
    dimensions = max(len(a.shape), len(b.shape))
    shape_a, shape_b = _extended(a.shape, dimensions), _extended(b.shape, dimensions)
    if any(m != n and m != 1 and n != 1 for m, n in zip(shape_a, shape_b, strict=True)):
        fail(op, f"shapes {list(a.shape)} and {list(b.shape)} cannot be combined", CONVERT_AGAIN)
    shape = [max(m, n) for m, n in zip(shape_a, shape_b, strict=True)]
    shape_is(op, target, shape)
    walk = [
        Axis(size, (0 if m == 1 else step_a, 0 if n == 1 else step_b))
        for size, m, n, step_a, step_b in zip(
            shape, shape_a, shape_b, strides_of(shape_a), strides_of(shape_b), strict=True
        )
    ]
    fitted = axes.padded(axes.joined(walk), _AXES, tensors=2)
    if fitted is None:
        fail(op, f"shapes {list(a.shape)} and {list(b.shape)} are broadcast in too many places")
    return {
        "walk.shape": axes.sizes(fitted),
        "walk.stride_a": axes.strides(fitted, 0),
        "walk.stride_b": axes.strides(fitted, 1),
    }


def may_replace(target: Tensor, *operands: Tensor) -> tuple[tuple[int, int], ...]:
    """KernelCall.in_place of a broadcasting kernel: the output over an operand of its shape and type."""
    return tuple((0, i) for i, x in enumerate(operands) if x.nbytes == target.nbytes and x.elements == target.elements)


def _extended(shape: Sequence[int], dimensions: int) -> list[int]:
    return [1] * (dimensions - len(shape)) + list(shape)
