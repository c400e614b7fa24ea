"""Outputs compared in an assertion, with words for what differs.

    assert device.infer(image) == edgekd.exactly(device.reference(image))

An array compared with == gives an array, which is neither true nor false; `exactly` makes one answer of it, as
pytest.approx does. The pytest plugin prints `differences` when such an assertion fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Exactly:
    """Equal to arrays of the same shapes, types and bytes, and to nothing else. Made by `exactly`."""

    __array_ufunc__ = None  # numpy leaves == to this class
    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, expected: Sequence[Array]) -> None:
        self.expected = [np.asarray(array) for array in expected]

    def __eq__(self, actual: object) -> bool:
        return not self.differences(actual)

    def __repr__(self) -> str:
        kinds = ", ".join(f"{array.dtype}{list(array.shape)}" for array in self.expected)
        return f"exactly({kinds})"

    def differences(self, actual: object) -> list[str]:
        """What is different about `actual`, in lines; empty when nothing is."""
        arrays = [np.asarray(array) for array in (actual if isinstance(actual, tuple | list) else (actual,))]
        if len(arrays) != len(self.expected):
            return [f"{len(arrays)} outputs, expected {len(self.expected)}"]
        lines = []
        for number, (ours, theirs) in enumerate(zip(arrays, self.expected, strict=True)):
            name = f"output {number}: " if len(arrays) > 1 else ""
            lines += [name + line for line in _differences(ours, theirs)]
        return lines


def exactly(*expected: Array) -> Exactly:
    """What outputs must equal in every byte: an array for each output tensor, or what `device.reference` returned."""
    outputs = expected[0] if len(expected) == 1 and isinstance(expected[0], tuple | list) else expected
    return Exactly(outputs)


def _differences(actual: Array, expected: Array) -> list[str]:
    if (actual.shape, actual.dtype) != (expected.shape, expected.dtype):
        return [
            f"{actual.dtype} of shape {list(actual.shape)}, expected {expected.dtype} of shape {list(expected.shape)}"
        ]
    # Bytes, not values: NaN equals itself, 0.0 and -0.0 differ.
    size = actual.dtype.itemsize
    raw = [np.ascontiguousarray(array).reshape(-1).view(np.uint8).reshape(-1, size) for array in (actual, expected)]
    wrong = np.flatnonzero((raw[0] != raw[1]).any(axis=1)) if actual.size else np.array([], int)
    if len(wrong) == 0:
        return []
    first = int(wrong[0])
    exact = np.float64 if actual.dtype.kind == "f" else object  # no integer is too large for Python's own
    far = np.abs(actual.reshape(-1)[wrong].astype(exact) - expected.reshape(-1)[wrong].astype(exact))
    largest = int(np.argmax(far))
    return [
        f"{len(wrong)} of {actual.size} elements differ",
        f"the first at {_at(actual, expected, first)}",
        f"the largest difference is {far[largest]}, at {_at(actual, expected, int(wrong[largest]))}",
    ]


def _at(actual: Array, expected: Array, place: int) -> str:
    index = [int(i) for i in np.unravel_index(place, actual.shape)]
    return f"{index}: {actual.reshape(-1)[place]}, expected {expected.reshape(-1)[place]}"
