"""Operators that move no bytes: RESHAPE, SQUEEZE, EXPAND_DIMS."""

from __future__ import annotations

from edgekd.compiler.graph import Operator
from edgekd.compiler.lowered import Alias
from edgekd.compiler.ops.checks import CONVERT_AGAIN, fail, label, operands, output, same_type


def alias(op: Operator) -> Alias:
    """The output's own shape counts; a second input or option that says the same is not needed."""
    source = operands(op, 1, 2)[0]
    assert source is not None
    target = output(op)
    same_type(op, source, target)
    if source.elements != target.elements:
        fail(
            op,
            f"{label(source)} of shape {list(source.shape)} cannot become {label(target)} of shape "
            f"{list(target.shape)}",
            CONVERT_AGAIN,
        )
    return Alias(source, target)
