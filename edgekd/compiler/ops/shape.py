"""Operators that move no bytes: RESHAPE, SQUEEZE, EXPAND_DIMS."""

from __future__ import annotations

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.lowered import Alias
from edgekd.compiler.ops.checks import (
    CONVERT_AGAIN,
    axis_of,
    constant_ints,
    fail,
    label,
    operands,
    output,
    required,
    same_type,
    shape_is,
)


def reshape(op: Operator) -> Alias:
    """The output's own shape counts, as in TensorFlow Lite Micro; the second input and the option repeat it."""
    source = operands(op, 1, 2)[0]
    assert source is not None
    target = output(op)
    if source.elements != target.elements:
        shapes = f"{list(source.shape)} cannot become {label(target)} of shape {list(target.shape)}"
        fail(op, f"{label(source)} of shape {shapes}", CONVERT_AGAIN)
    return _alias(op, source, target)


def expand_dims(op: Operator) -> Alias:
    source, axis = required(op, 2)
    target = output(op)
    where = axis_of(op, constant_ints(op, axis, "axis", 1)[0], len(source.shape) + 1)
    shape_is(op, target, (*source.shape[:where], 1, *source.shape[where:]))
    return _alias(op, source, target)


def squeeze(op: Operator) -> Alias:
    """Without dimensions given, every one of size 1 goes."""
    (source,) = required(op, 1)
    target = output(op)
    rank = len(source.shape)
    gone = {axis_of(op, axis, rank) for axis in op.options["squeeze_dims"]}
    gone = gone or {d for d, n in enumerate(source.shape) if n == 1}
    if any(source.shape[d] != 1 for d in gone):
        fail(op, f"dimensions {sorted(gone)} of {label(source)}, {list(source.shape)}, are not all 1", CONVERT_AGAIN)
    shape_is(op, target, [n for d, n in enumerate(source.shape) if d not in gone])
    return _alias(op, source, target)


def _alias(op: Operator, source: Tensor, target: Tensor) -> Alias:
    same_type(op, source, target)
    return Alias(source, target)
