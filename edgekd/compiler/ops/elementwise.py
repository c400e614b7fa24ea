"""ADD, SUB and MUL of two tensors, with broadcasting."""

from __future__ import annotations

from collections.abc import Sequence

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.layers import Add, Mul
from edgekd.compiler.lowered import FieldValue, KernelCall
from edgekd.compiler.ops import axes
from edgekd.compiler.ops.axes import Axis
from edgekd.compiler.ops.checks import (
    CONVERT_AGAIN,
    fail,
    label,
    limits,
    multiplier,
    output,
    quantized,
    required,
    shape_is,
    strides_of,
)

_AXES = 5  # EDGEKD_BROADCAST_AXES
_EXTRA_BITS = 20  # that ADD and SUB give their operands

Lowering = Add | Mul | KernelCall


def add(op: Operator) -> Lowering:
    return _sum(op, sign_b=1)


def sub(op: Operator) -> Lowering:
    return _sum(op, sign_b=-1)


def mul(op: Operator) -> Lowering:
    a, b = required(op, 2)
    target = output(op)
    quantized(op, a, b, target)
    factor, shift = multiplier(op, a.scale * b.scale / target.scale)
    fields: dict[str, FieldValue] = {
        "zero_point_a": a.zero_point,
        "zero_point_b": b.zero_point,
        "zero_point": target.zero_point,
        "multiplier": factor,
        "shift": shift,
    }
    return _call(Mul, "mul", op, a, b, target, fields)


def _sum(op: Operator, *, sign_b: int) -> Lowering:
    """a + sign_b * b, both brought to a common scale first; every factor is a quotient of doubles."""
    a, b = required(op, 2)
    target = output(op)
    quantized(op, a, b, target)
    twice_larger = 2 * max(a.scale, b.scale)
    factors = (a.scale / twice_larger, b.scale / twice_larger, twice_larger / ((1 << _EXTRA_BITS) * target.scale))
    if not 0.0 < factors[2] < 1.0 or min(factors) <= 0.0:
        fail(
            op, f"the scale of {label(target)} is too small or too large for its inputs'", "check the calibration data"
        )
    (multiplier_a, shift_a), (multiplier_b, shift_b), (factor, shift) = (multiplier(op, f) for f in factors)
    if shift > 0:  # just below 1, rounded up to it
        fail(op, f"the scale of {label(target)} is too small for its inputs'", "check the calibration data")
    fields: dict[str, FieldValue] = {
        "zero_point_a": a.zero_point,
        "multiplier_a": multiplier_a,
        "shift_a": shift_a,
        "sign_a": 1,
        "zero_point_b": b.zero_point,
        "multiplier_b": multiplier_b,
        "shift_b": shift_b,
        "sign_b": sign_b,
        "zero_point": target.zero_point,
        "multiplier": factor,
        "shift": shift,
    }
    return _call(Add, "add", op, a, b, target, fields)


def _call(
    layer: type[Add] | type[Mul],
    kernel: str,
    op: Operator,
    a: Tensor,
    b: Tensor,
    target: Tensor,
    fields: dict[str, FieldValue],
) -> Lowering:
    """A layer when both operands have the output's shape, a call of the broadcasting kernel otherwise."""
    walk = _walk(op, a, b, target)
    fields = {**fields, **limits(op, target)}
    if a.elements == b.elements == target.elements:
        return layer(a, b, target, fields)
    return KernelCall(
        function=f"edgekd_{kernel}_broadcast_s8",
        struct=f"edgekd_{kernel}_broadcast_s8",
        sources=(f"{kernel}_s8.c", f"{kernel}_s8.h", "broadcast.h", "requantize.h"),
        inputs=(a, b),
        outputs=(target,),
        fields={**walk, **{f"{kernel}.{name}": value for name, value in fields.items()}},
        in_place=tuple((0, i) for i, x in enumerate((a, b)) if x.elements == target.elements and not x.is_constant),
    )


def _walk(op: Operator, a: Tensor, b: Tensor, target: Tensor) -> dict[str, FieldValue]:
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


def _extended(shape: Sequence[int], dimensions: int) -> list[int]:
    return [1] * (dimensions - len(shape)) + list(shape)
