"""Comparisons, and what is done with their results: LOGICAL_AND, LOGICAL_OR, LOGICAL_NOT, SELECT_V2."""

from __future__ import annotations

import numpy as np

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.lowered import FieldValue, KernelCall
from edgekd.compiler.ops import axes
from edgekd.compiler.ops.broadcast import may_replace, walk_of, walk_together
from edgekd.compiler.ops.checks import (
    CONVERT_INT8,
    fail,
    label,
    multiplier,
    of_type,
    output,
    quantized,
    required,
    unchanged,
)
from edgekd.compiler.ops.lookup import table_call
from edgekd.compiler.quantize import requantize

_EXTRA_BITS = 8  # that operands get before they are brought to one scale
_ELEMENTS = ("int8", "int16", "float32")  # what TensorFlow Lite Micro selects


def equal(op: Operator) -> KernelCall:
    return _compare(op, "equal", otherwise=False)


def not_equal(op: Operator) -> KernelCall:
    return _compare(op, "equal", otherwise=True)


def less(op: Operator) -> KernelCall:
    return _compare(op, "less", otherwise=False)


def greater_equal(op: Operator) -> KernelCall:
    return _compare(op, "less", otherwise=True)


def greater(op: Operator) -> KernelCall:
    return _compare(op, "less", otherwise=False, swapped=True)


def less_equal(op: Operator) -> KernelCall:
    return _compare(op, "less", otherwise=True, swapped=True)


def _compare(op: Operator, kernel: str, *, otherwise: bool, swapped: bool = False) -> KernelCall:
    """tensorflow/lite/micro/kernels/comparisons.cc: each operand times its own scale, in fixed point."""
    a, b = reversed(required(op, 2)) if swapped else required(op, 2)
    target = output(op)
    quantized(op, a, b)
    of_type(op, target, "bool")
    walk = walk_of(op, a, b, target)
    for x in (a, b):
        if x.scale >= 1:  # QuantizeMultiplierSmallerThanOneExp takes none
            fail(op, f"the scale {x.scale:g} of {label(x)} is not below 1", CONVERT_INT8)
    (factor_a, shift_a), (factor_b, shift_b) = multiplier(op, a.scale), multiplier(op, b.scale)

    def wide(x: Tensor, value: int) -> int:
        factor, shift = (factor_a, shift_a) if x is a else (factor_b, shift_b)
        return requantize((value - x.zero_point) << _EXTRA_BITS, factor, shift)

    def holds(left: int, right: int) -> bool:
        return (left < right if kernel == "less" else left == right) != otherwise

    single_a, single_b = _single(a), _single(b)
    if single_b is not None and a.elements == target.elements:
        return table_call(op, a, target, lambda x: int(holds(wide(a, x), wide(b, single_b))), reshaped=True)
    if single_a is not None and b.elements == target.elements:
        return table_call(op, b, target, lambda x: int(holds(wide(a, single_a), wide(b, x))), reshaped=True)
    return KernelCall(
        function=f"edgekd_{kernel}_s8",
        struct="edgekd_comparison_s8",
        sources=("comparison_s8.c", "comparison_s8.h", "broadcast.h", "requantize.h"),
        inputs=(a, b),
        outputs=(target,),
        fields={
            **walk,
            "zero_point_a": a.zero_point,
            "multiplier_a": factor_a,
            "shift_a": shift_a,
            "zero_point_b": b.zero_point,
            "multiplier_b": factor_b,
            "shift_b": shift_b,
            "otherwise": int(otherwise),
        },
        in_place=may_replace(target, a, b),
    )


def _single(x: Tensor) -> int | None:
    """The value of a constant of one element."""
    return int(x.data.reshape(-1)[0]) if x.data is not None and x.elements == 1 else None


def logical_and(op: Operator) -> KernelCall:
    return _logical(op, "minimum")


def logical_or(op: Operator) -> KernelCall:
    return _logical(op, "maximum")


def _logical(op: Operator, kernel: str) -> KernelCall:
    """Of numbers that are 0 or 1, which are compared as int8."""
    a, b = required(op, 2)
    target = output(op)
    for x in (a, b, target):
        of_type(op, x, "bool")
    return KernelCall(
        function=f"edgekd_{kernel}_bool",
        struct="edgekd_maximum_minimum",
        sources=("maximum_minimum.c", "maximum_minimum.h", "broadcast.h"),
        inputs=(a, b),
        outputs=(target,),
        fields=walk_of(op, a, b, target),
        in_place=may_replace(target, a, b),
    )


def logical_not(op: Operator) -> KernelCall:
    (source,) = required(op, 1)
    target = output(op)
    of_type(op, source, "bool")
    of_type(op, target, "bool")
    return table_call(op, source, target, lambda x: int(x == 0))


def select_v2(op: Operator) -> KernelCall:
    """Elements as they are: both operands have the output's scale."""
    condition, a, b = required(op, 3)
    target = output(op)
    of_type(op, condition, "bool")
    of_type(op, target, *_ELEMENTS)
    unchanged(op, a, target)
    unchanged(op, b, target)
    fitted = walk_together(op, (condition, a, b), target)
    fields: dict[str, FieldValue] = {
        "shape": axes.sizes(fitted),
        "stride_condition": axes.strides(fitted, 0),
        "stride_a": axes.strides(fitted, 1),
        "stride_b": axes.strides(fitted, 2),
        "bytes": np.dtype(target.dtype).itemsize,
    }
    replaced = tuple((0, position + 1) for _, position in may_replace(target, a, b))
    return KernelCall(
        function="edgekd_select",
        struct="edgekd_select",
        sources=("select.c", "select.h"),
        inputs=(condition, a, b),
        outputs=(target,),
        fields=fields,
        in_place=replaced,
    )
