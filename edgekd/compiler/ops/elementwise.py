"""ADD, SUB, MUL and SQUARED_DIFFERENCE of two tensors, with broadcasting."""

from __future__ import annotations

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.layers import Add, Mul
from edgekd.compiler.lowered import FieldValue, KernelCall
from edgekd.compiler.ops.broadcast import may_replace, walk_of
from edgekd.compiler.ops.checks import fail, is_16, label, limits, multiplier, output, quantized, quantized_16, required

Lowering = Add | Mul | KernelCall


def add(op: Operator) -> Lowering:
    return _sum(op, sign_b=1)


def sub(op: Operator) -> Lowering:
    return _sum(op, sign_b=-1)


def mul(op: Operator) -> Lowering:
    a, b = required(op, 2)
    target = output(op)
    _check(op, a, b, target)
    if a.elements < b.elements:
        a, b = b, a
    factor, shift = multiplier(op, a.scale * b.scale / target.scale)
    fields: dict[str, FieldValue] = {
        "zero_point_a": a.zero_point,
        "zero_point_b": b.zero_point,
        "zero_point": target.zero_point,
        "multiplier": factor,
        "shift": shift,
    }
    if a.elements == target.elements and _is_repeated(b, target) and not is_16(op):
        return Mul(a, b, target, {**fields, **limits(op, target)}, walk_of(op, a, b, target))
    return _broadcast("mul", op, a, b, target, fields)


def _is_repeated(x: Tensor, target: Tensor) -> bool:
    """`x` has the elements of the last axes of `target`, which may be all, one after another."""
    axes = [extent for extent in x.shape if extent > 1]
    ends = [list(shape)[len(shape) - len(axes) :] for shape in (x.shape, target.shape)]
    return x.elements == target.elements or (bool(axes) and axes == ends[0] == ends[1])


def squared_difference(op: Operator) -> KernelCall:
    """tensorflow/lite/micro/kernels/squared_difference.cc: (a - b)^2 on a common scale, twice the larger one."""
    a, b = required(op, 2)
    target = output(op)
    _check(op, a, b, target)
    left_shift = 0 if is_16(op) else 7
    twice_larger = 2 * max(a.scale, b.scale)
    square = twice_larger * twice_larger / ((1 << 2 * left_shift) * target.scale)
    (multiplier_a, shift_a), (multiplier_b, shift_b), (factor, shift) = (
        multiplier(op, real) for real in (a.scale / twice_larger, b.scale / twice_larger, square)
    )
    return KernelCall(
        function=f"edgekd_squared_difference_{'s16' if is_16(op) else 's8'}",
        struct="edgekd_squared_difference",
        sources=("squared_difference.c", "squared_difference.h", "broadcast.h", "requantize.h"),
        inputs=(a, b),
        outputs=(target,),
        fields={
            **walk_of(op, a, b, target),
            "left_shift": left_shift,
            "zero_point_a": a.zero_point,
            "multiplier_a": multiplier_a,
            "shift_a": shift_a,
            "zero_point_b": b.zero_point,
            "multiplier_b": multiplier_b,
            "shift_b": shift_b,
            "zero_point": target.zero_point,
            "multiplier": factor,
            "shift": shift,
        },
        in_place=may_replace(target, a, b),
    )


def _check(op: Operator, *tensors: Tensor) -> None:
    if is_16(op):
        quantized_16(op, *tensors)
    else:
        quantized(op, *tensors)


def _sum(op: Operator, *, sign_b: int) -> Lowering:
    """a + sign_b * b, both brought to a common scale first; every factor is a quotient of doubles."""
    a, b = required(op, 2)
    target = output(op)
    _check(op, a, b, target)
    extra_bits = 15 if is_16(op) else 20  # that the operands get
    twice_larger = 2 * max(a.scale, b.scale)
    factors = (a.scale / twice_larger, b.scale / twice_larger, twice_larger / ((1 << extra_bits) * target.scale))
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
    if a.elements == b.elements == target.elements and not is_16(op):
        walk_of(op, a, b, target)  # checks the shapes
        return Add(a, b, target, {**fields, **limits(op, target)})
    return _broadcast("add", op, a, b, target, fields)


def _broadcast(
    kernel: str, op: Operator, a: Tensor, b: Tensor, target: Tensor, fields: dict[str, FieldValue]
) -> KernelCall:
    """A call of the kernel for operands of any shapes, or of the one for 16 bits."""
    walk = walk_of(op, a, b, target)
    fields = {**fields, **limits(op, target)}
    prefixed = {**walk, **{f"{kernel}.{name}": value for name, value in fields.items()}}
    if is_16(op):
        headers = ("elementwise_s16.h", "add_s8.h", "mul_s8.h", "broadcast.h", "requantize.h")
        return KernelCall(
            function=f"edgekd_{kernel}_s16",
            struct=f"edgekd_{kernel}_broadcast_s8",
            sources=("elementwise_s16.c", *headers),
            inputs=(a, b),
            outputs=(target,),
            fields=prefixed,
            in_place=may_replace(target, a, b),
        )
    return KernelCall(
        function=f"edgekd_{kernel}_broadcast_s8",
        struct=f"edgekd_{kernel}_broadcast_s8",
        sources=(f"{kernel}_s8.c", f"{kernel}_s8.h", "broadcast.h", "requantize.h"),
        inputs=(a, b),
        outputs=(target,),
        fields=prefixed,
        in_place=may_replace(target, a, b),
    )
