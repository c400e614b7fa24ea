"""MAXIMUM, MINIMUM and PRELU."""

from __future__ import annotations

from collections.abc import Callable

from edgekd.compiler.graph import Operator
from edgekd.compiler.lowered import FieldValue, KernelCall
from edgekd.compiler.ops.broadcast import may_replace, walk_of
from edgekd.compiler.ops.checks import multiplier, of_type, output, quantized, required, same_scale
from edgekd.compiler.ops.lookup import table_call
from edgekd.compiler.quantize import clamp_int8, requantize, wrap

_SUFFIX = {"int8": "s8", "int16": "s16"}


def maximum(op: Operator) -> KernelCall:
    return _extreme(op, "maximum", max)


def minimum(op: Operator) -> KernelCall:
    return _extreme(op, "minimum", min)


def _extreme(op: Operator, kernel: str, function: Callable[[int, int], int]) -> KernelCall:
    """int8 or int16, all on one scale: TensorFlow Lite Micro compares the numbers as they are."""
    a, b = required(op, 2)
    target = output(op)
    of_type(op, target, *_SUFFIX)
    quantized(op, a, b, target, dtype=target.dtype)
    same_scale(op, a, target)
    same_scale(op, b, target)
    walk = walk_of(op, a, b, target)
    moving, limit = (b, a) if a.is_constant else (a, b)
    if limit.data is not None and limit.elements == 1 and target.dtype == "int8":
        bound = int(limit.data.reshape(-1)[0])
        return table_call(op, moving, target, lambda x: function(x, bound), reshaped=True)
    return KernelCall(
        function=f"edgekd_{kernel}_{_SUFFIX[target.dtype]}",
        struct="edgekd_maximum_minimum",
        sources=("maximum_minimum.c", "maximum_minimum.h", "broadcast.h"),
        inputs=(a, b),
        outputs=(target,),
        fields=walk,
        in_place=may_replace(target, a, b),
    )


def prelu(op: Operator) -> KernelCall:
    """tensorflow/lite/micro/kernels/prelu_common.cc: every factor is a quotient of doubles."""
    source, slopes = required(op, 2)
    target = output(op)
    quantized(op, source, slopes, target)
    walk = walk_of(op, source, slopes, target)
    factor, shift = multiplier(op, source.scale / target.scale)
    slope_factor, slope_shift = multiplier(op, source.scale * slopes.scale / target.scale)
    if slopes.data is not None and slopes.elements == 1:
        slope = int(slopes.data.reshape(-1)[0]) - slopes.zero_point

        def function(x: int) -> int:
            value = x - source.zero_point
            if value >= 0:
                scaled = requantize(value, factor, shift)
            else:
                scaled = requantize(value * slope, slope_factor, slope_shift)
            return clamp_int8(wrap(scaled + target.zero_point))

        return table_call(op, source, target, function, reshaped=True)
    fields: dict[str, FieldValue] = {
        **walk,
        "input_zero_point": source.zero_point,
        "slope_zero_point": slopes.zero_point,
        "zero_point": target.zero_point,
        "multiplier": factor,
        "shift": shift,
        "slope_multiplier": slope_factor,
        "slope_shift": slope_shift,
    }
    return KernelCall(
        function="edgekd_prelu_s8",
        struct="edgekd_prelu_s8",
        sources=("prelu_s8.c", "prelu_s8.h", "broadcast.h", "requantize.h"),
        inputs=(source, slopes),
        outputs=(target,),
        fields=fields,
        in_place=may_replace(target, source),
    )
