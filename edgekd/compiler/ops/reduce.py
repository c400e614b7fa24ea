"""MEAN, SUM, REDUCE_MAX, REDUCE_MIN, ARG_MAX, ARG_MIN."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import prod

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.layers import Mean
from edgekd.compiler.lowered import FieldValue, KernelCall
from edgekd.compiler.ops import axes
from edgekd.compiler.ops.axes import Axis
from edgekd.compiler.ops.checks import (
    axis_of,
    constant_ints,
    fail,
    is_16,
    multiplier,
    of_type,
    output,
    quantized,
    quantized_16,
    required,
    same_scale,
    shape_is,
    strides_of,
    summable,
)

_AXES = 3  # EDGEKD_MEAN_AXES, EDGEKD_REDUCE_AXES


def mean(op: Operator) -> KernelCall | Mean:
    return _reduce(op, divide=True)


def reduce_sum(op: Operator) -> KernelCall | Mean:
    return _reduce(op, divide=False)


def _reduce(op: Operator, *, divide: bool) -> KernelCall | Mean:
    source, target, reduced = _reduction(op, wide=True)
    count = prod(source.shape[d] for d in reduced)
    summable(op, count)
    factor, shift = multiplier(op, source.scale / target.scale)
    if divide:
        factor, shift = _divided(factor, shift, count)
    fields: dict[str, FieldValue] = {
        **_loops(op, source.shape, reduced),
        "offset": source.zero_point * count,
        "multiplier": factor,
        "shift": shift,
        "zero_point": target.zero_point,
    }
    if not is_16(op):
        pixels = _pixels(source.shape, reduced)
        if pixels is not None:
            return Mean(source, target, fields, *pixels)
    kernel = "mean_s16" if is_16(op) else "mean_s8"
    return KernelCall(
        function=f"edgekd_{kernel}",
        struct="edgekd_mean_s8",
        sources=(f"{kernel}.c", f"{kernel}.h", "mean_s8.h", "mean_walk.h", "requantize.h"),
        inputs=(source,),
        outputs=(target,),
        fields=fields,
    )


def _pixels(shape: Sequence[int], reduced: set[int]) -> tuple[int, int, int] | None:
    """Images, pixels and channels when the axes reduced are neighbours and not the last ones."""
    if not reduced or len(reduced) <= max(reduced) - min(reduced):
        return None
    images, channels = prod(shape[: min(reduced)]), prod(shape[max(reduced) + 1 :])
    return (images, prod(shape) // (images * channels), channels) if channels > 1 else None


def reduce_max(op: Operator) -> KernelCall:
    return _extreme(op, "max")


def reduce_min(op: Operator) -> KernelCall:
    return _extreme(op, "min")


def _extreme(op: Operator, which: str) -> KernelCall:
    source, target, reduced = _reduction(op)
    same_scale(op, source, target)
    return KernelCall(
        function=f"edgekd_reduce_{which}_s8",
        struct="edgekd_reduce_max_s8",
        sources=("reduce_max_s8.c", "reduce_max_s8.h"),
        inputs=(source,),
        outputs=(target,),
        fields=_loops(op, source.shape, reduced),
    )


def _reduction(op: Operator, *, wide: bool = False) -> tuple[Tensor, Tensor, set[int]]:
    """Input, output and the dimensions reduced. wide: they may be int16."""
    source, axis = required(op, 2)
    target = output(op)
    if wide and is_16(op):
        quantized_16(op, source, target)
    else:
        quantized(op, source, target)
    reduced = {axis_of(op, value, len(source.shape)) for value in constant_ints(op, axis, "axes")}
    keep = op.options["keep_dims"]
    shape_is(op, target, [1 if d in reduced else n for d, n in enumerate(source.shape) if keep or d not in reduced])
    return source, target, reduced


def arg_max(op: Operator) -> KernelCall:
    return _arg(op, "max")


def arg_min(op: Operator) -> KernelCall:
    return _arg(op, "min")


def _arg(op: Operator, which: str) -> KernelCall:
    """int8 to int32: TensorFlow Lite Micro knows no other integers."""
    source, axis = required(op, 2)
    target = output(op)
    quantized(op, source)
    of_type(op, target, "int32")
    of_type(op, axis, "int32")
    where = axis_of(op, constant_ints(op, axis, "axis", 1)[0], len(source.shape))
    shape_is(op, target, (*source.shape[:where], *source.shape[where + 1 :]))
    return KernelCall(
        function=f"edgekd_arg_{which}_s8",
        struct="edgekd_arg_max_s8",
        sources=("arg_max_s8.c", "arg_max_s8.h"),
        inputs=(source,),
        outputs=(target,),
        fields={
            "outer": prod(source.shape[:where]),
            "extent": source.shape[where],
            "inner": prod(source.shape[where + 1 :]),
        },
    )


def _divided(factor: int, shift: int, count: int) -> tuple[int, int]:
    """The factor divided by `count`, truncated, after as large a shift to the left as `count` undoes.

    tensorflow/lite/kernels/internal/reference/reduce.h, QuantizedMeanOrSum.
    """
    bits = min(count.bit_length() - 1, 31 + shift)
    return (factor << bits) // count, shift - bits


def _loops(op: Operator, shape: Sequence[int], reduced: set[int]) -> dict[str, FieldValue]:
    """Kept and reduced axes, neighbours of a kind joined."""
    steps = strides_of(shape)
    kept_axes: list[Axis] = []
    reduced_axes: list[Axis] = []
    for is_reduced, group in groupby(range(len(shape)), key=lambda d: d in reduced):
        walk = axes.joined([Axis(shape[d], (steps[d],)) for d in group])
        (reduced_axes if is_reduced else kept_axes).extend(walk)
    kept_axes, reduced_axes = axes.joined(kept_axes), axes.joined(reduced_axes)
    fitted = axes.padded(kept_axes, _AXES, 1), axes.padded(reduced_axes, _AXES, 1)
    if fitted[0] is None or fitted[1] is None:
        fail(op, f"it reduces {sorted(reduced)} of shape {list(shape)}: too many separate axes", "TRANSPOSE first")
    return {
        "kept": axes.sizes(fitted[0]),
        "kept_stride": axes.strides(fitted[0], 0),
        "reduced": axes.sizes(fitted[1]),
        "reduced_stride": axes.strides(fitted[1], 0),
    }
