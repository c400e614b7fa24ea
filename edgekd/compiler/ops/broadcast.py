"""Operands of different shapes, walked together (firmware/kernels/broadcast.h)."""

from __future__ import annotations

from collections.abc import Sequence

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.lowered import FieldValue
from edgekd.compiler.ops import axes
from edgekd.compiler.ops.axes import Axis
from edgekd.compiler.ops.checks import CONVERT_AGAIN, fail, shape_is, strides_of

_AXES = 5  # EDGEKD_BROADCAST_AXES


def walk_of(op: Operator, a: Tensor, b: Tensor, target: Tensor) -> dict[str, FieldValue]:
    """The field `walk` of two operands: the output's axes and how each operand moves along them."""
    fitted = walk_together(op, (a, b), target)
    return {
        "walk.shape": axes.sizes(fitted),
        "walk.stride_a": axes.strides(fitted, 0),
        "walk.stride_b": axes.strides(fitted, 1),
    }


def walk_together(op: Operator, operands: Sequence[Tensor], target: Tensor) -> list[Axis]:
    """The output's axes, joined, 1 in front, with a stride in elements for each operand, 0 where it is repeated."""
    dimensions = max(len(x.shape) for x in operands)
    extended = [_extended(x.shape, dimensions) for x in operands]
    shape = [max(sizes) for sizes in zip(*extended, strict=True)]
    given = " and ".join(str(list(x.shape)) for x in operands)
    if any(m not in (1, n) for sizes in extended for m, n in zip(sizes, shape, strict=True)):
        fail(op, f"shapes {given} cannot be combined", CONVERT_AGAIN)
    shape_is(op, target, shape)
    steps = [strides_of(sizes) for sizes in extended]
    walk = [
        Axis(size, tuple(0 if own[d] == 1 else step[d] for own, step in zip(extended, steps, strict=True)))
        for d, size in enumerate(shape)
    ]
    fitted = axes.padded(axes.joined(walk), _AXES, tensors=len(operands))
    if fitted is None:
        fail(op, f"shapes {given} are broadcast in too many places")
    return fitted


def may_replace(target: Tensor, *operands: Tensor) -> tuple[tuple[int, int], ...]:
    """KernelCall.in_place of a broadcasting kernel: the output over an operand of its shape and type."""
    return tuple((0, i) for i, x in enumerate(operands) if x.nbytes == target.nbytes and x.elements == target.elements)


def _extended(shape: Sequence[int], dimensions: int) -> list[int]:
    return [1] * (dimensions - len(shape)) + list(shape)
