"""What `exactly` is equal to, and the words for what it is not."""

from __future__ import annotations

import numpy as np
import pytest

import edgekd
from edgekd.evaluate.comparison import exactly

EXPECTED = np.array([[1, 2, 3], [4, 5, -128]], np.int8)


def test_equal_bytes_are_equal_on_either_side() -> None:
    assert EXPECTED.copy() == exactly(EXPECTED)
    assert exactly(EXPECTED) == EXPECTED.copy()
    assert (EXPECTED, EXPECTED) == exactly(EXPECTED, EXPECTED) == (EXPECTED, EXPECTED)
    assert exactly((EXPECTED, EXPECTED)) == (EXPECTED, EXPECTED)  # as device.reference returns several
    assert np.int8(3) == exactly(np.int8(3))
    assert edgekd.exactly is exactly


def test_a_difference_is_counted_and_placed() -> None:
    actual = EXPECTED.copy()
    actual[0, 2], actual[1, 2] = 5, 127
    assert actual != exactly(EXPECTED)
    assert exactly(EXPECTED).differences(actual) == [
        "2 of 6 elements differ",
        "the first at [0, 2]: 5, expected 3",
        "the largest difference is 255, at [1, 2]: 127, expected -128",
    ]
    assert exactly(EXPECTED, EXPECTED).differences((EXPECTED, actual))[0] == "output 1: 2 of 6 elements differ"


@pytest.mark.parametrize(
    ("actual", "says"),
    [
        (EXPECTED[:1], "int8 of shape [1, 3], expected int8 of shape [2, 3]"),
        (EXPECTED.astype(np.int16), "int16 of shape [2, 3], expected int8 of shape [2, 3]"),
        ((EXPECTED, EXPECTED), "2 outputs, expected 1"),
        (None, "object of shape [], expected int8 of shape [2, 3]"),
    ],
)
def test_other_shapes_types_and_numbers_of_outputs_are_not_equal(actual: object, says: str) -> None:
    assert exactly(EXPECTED) != actual
    assert exactly(EXPECTED).differences(actual) == [says]


def test_floats_are_compared_by_their_bytes() -> None:
    values = np.array([np.nan, 0.0, 1.5], np.float32)
    assert values.copy() == exactly(values)
    other = np.array([np.nan, -0.0, 1.0], np.float32)
    assert exactly(values).differences(other) == [
        "2 of 3 elements differ",
        "the first at [1]: -0.0, expected 0.0",
        "the largest difference is 0.5, at [2]: 1.0, expected 1.5",
    ]


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64])
def test_no_type_wraps_around(dtype: type) -> None:
    low, high = (False, True) if dtype is np.bool_ else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    lines = exactly(np.array([high], dtype)).differences(np.array([low], dtype))
    assert f"the largest difference is {int(high) - int(low)}," in lines[2]


def test_empty_outputs_are_equal() -> None:
    assert np.zeros((0, 3), np.int8) == exactly(np.zeros((0, 3), np.int8))
