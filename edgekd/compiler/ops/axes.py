"""Loops over tensors as a few nested axes: neighbouring dimensions are joined where one step serves both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Axis(NamedTuple):
    """A loop: `size` times, moving by strides[i] in the i-th tensor."""

    size: int
    strides: tuple[int, ...]


def joined(axes: Sequence[Axis]) -> list[Axis]:
    """The same walk with as few axes as possible, outermost first; none for a single element."""
    result: list[Axis] = []
    for axis in axes:
        if axis.size == 1:
            continue
        if result and all(o == i * axis.size for o, i in zip(result[-1].strides, axis.strides, strict=True)):
            result[-1] = Axis(result[-1].size * axis.size, axis.strides)
        else:
            result.append(axis)
    return result


def padded(axes: Sequence[Axis], count: int, tensors: int) -> list[Axis] | None:
    """`axes` with axes of one element in front, `count` together; None if they are more already."""
    if len(axes) > count:
        return None
    return [Axis(1, (0,) * tensors)] * (count - len(axes)) + list(axes)


def sizes(axes: Sequence[Axis]) -> tuple[int, ...]:
    return tuple(axis.size for axis in axes)


def strides(axes: Sequence[Axis], tensor: int) -> tuple[int, ...]:
    return tuple(axis.strides[tensor] for axis in axes)
