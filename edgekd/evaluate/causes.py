"""What a kernel that is wrong in this way usually has wrong: a guess for the person who looks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_BY_CHANCE = 0.01  # a pattern that wrong values fit by chance as often as this says nothing
_EACH = 4  # wrong values that it takes to say so of a clamp, or of each channel or row that is named


@dataclass(frozen=True, eq=False)
class Difference:
    """A tensor that is not as it must be. expected, got: one shape and type, channels last."""

    expected: Array
    got: Array

    @property
    def wrong(self) -> npt.NDArray[np.bool_]:
        """Where they differ, in their shape."""
        # By bytes: NaN equals itself, and 0.0 is not -0.0.
        size = self.expected.dtype.itemsize
        shape = (*self.expected.shape, size)
        a, b = (np.ascontiguousarray(side).view(np.uint8).reshape(shape) for side in (self.expected, self.got))
        differ: npt.NDArray[np.bool_] = (a != b).any(axis=-1)
        return differ

    @property
    def steps(self) -> Array:
        """By how much the wrong ones are off, in the tensor's own steps."""
        wrong = self.wrong
        wide = np.float64 if self.expected.dtype.kind == "f" else np.int64
        off: Array = self.got[wrong].astype(wide) - self.expected[wrong].astype(wide)
        return off


def likely_causes(difference: Difference) -> list[str]:
    """One sentence for each pattern that the wrong values fit, the most telling first; at least one."""
    found = [sentence for look in _LOOKS if (sentence := look(difference))]
    return found or [
        "no pattern: weights, scale or zero point of the layer, or its whole input (the kernel reads the wrong place)"
    ]


def _border(difference: Difference) -> str | None:
    wrong = difference.wrong
    if wrong.ndim != 4 or min(wrong.shape[1:3]) < 3:
        return None
    pixels = wrong.any(axis=(0, 3))
    inner = pixels[1:-1, 1:-1]
    by_chance = (1 - inner.size / pixels.size) ** int(wrong.sum())
    if inner.any() or by_chance > _BY_CHANCE:
        return None
    sides = {
        "first row": pixels[0, 1:-1].any(),
        "last row": pixels[-1, 1:-1].any(),
        "first column": pixels[1:-1, 0].any(),
        "last column": pixels[1:-1, -1].any(),
    }
    touched = [name for name, hit in sides.items() if hit] or ["corners"]
    return f"pixels on the border only ({', '.join(touched)}): padding, its size or the value it stands for"


def _channels(difference: Difference) -> str | None:
    wrong = difference.wrong
    if wrong.ndim < 2 or wrong.size == wrong.shape[-1]:
        return None
    which = np.flatnonzero(wrong.reshape(-1, wrong.shape[-1]).any(axis=0)).tolist()
    count = wrong.shape[-1]
    by_chance = count * (len(which) / count) ** int(wrong.sum())  # any of about as many patterns would be told
    if by_chance > _BY_CHANCE:
        return None
    if len(which) == 1:
        return f"channel {which[0]} only: its weights, bias, multiplier or shift"
    if which == list(range(which[0], count)):
        return f"the last {len(which)} of {count} channels only: the kernel's remainder, when channels do not divide"
    step = which[1] - which[0]
    if which == list(range(which[0], count, step)) and which[0] < step:
        return f"every {_ordinal(step)} channel from {which[0]} on: one lane of the kernel, or of packed weights"
    if len(which) <= count // 4 and wrong.sum() >= _EACH * len(which):
        return f"channels {', '.join(map(str, which[:8]))} only: their weights, biases, multipliers or shifts"
    return None


def _rows(difference: Difference) -> str | None:
    wrong = difference.wrong
    if wrong.ndim != 4 or wrong.shape[1] < 3 or _border(difference):
        return None
    rows = np.flatnonzero(wrong.any(axis=(0, 2, 3)))
    if len(rows) > wrong.shape[1] // 2 or wrong.sum() < _EACH * len(rows):
        return None
    first, last = int(rows[0]), int(rows[-1])
    where = f"row {first}" if first == last else f"rows {first} to {last}"
    return f"{where} of {wrong.shape[1]} only: a ring of too few rows, or rows written over before they were read"


def _saturation(difference: Difference) -> str | None:
    if difference.expected.dtype.kind not in "iu":
        return None
    wrong, limits = difference.wrong, np.iinfo(difference.expected.dtype)
    expected, got = difference.expected[wrong], difference.got[wrong]
    least, most = difference.expected.min(), difference.expected.max()
    ends = np.isin(difference.expected, (limits.min, limits.max))
    if ends[wrong].all() and ends.mean() ** len(got) < _BY_CHANCE:
        return "only where the right value is the end of the type's range: the sum or result is not saturated"
    if len(got) >= _EACH and (np.isin(expected, (least, most)) & ((got < least) | (got > most))).all():
        return f"only beyond {least} to {most}, the right values' range: the activation's clamp"
    return None


def _off_by_one(difference: Difference) -> str | None:
    if difference.expected.dtype.kind not in "iu":
        return None
    steps = difference.steps
    if np.abs(steps).max() > 1:
        return None
    way = "up" if (steps > 0).all() else "down" if (steps < 0).all() else "either way"
    return f"off by one, {way}: rounding when results are requantized"


def _offset(difference: Difference) -> str | None:
    steps = difference.steps
    share = len(steps) / difference.expected.size
    if len(steps) < 4 or share < 0.25 or np.abs(steps).max() <= 1 or not (steps == steps[0]).all():
        return None
    return f"all of them by {steps[0]:+g}: the zero point of the output, or a bias"


_LOOKS: tuple[Callable[[Difference], str | None], ...] = (
    _border,
    _saturation,
    _channels,
    _rows,
    _off_by_one,
    _offset,
)


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")
