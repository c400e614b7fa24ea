"""What wrong values in a tensor are taken for."""

from __future__ import annotations

import numpy as np
import pytest

from edgekd.evaluate.causes import Difference, likely_causes

SHAPE = (1, 8, 8, 16)


def right() -> np.ndarray:
    """Values without a pattern, none at the ends of the type's range."""
    return np.random.default_rng(0).integers(-90, 90, SHAPE).astype(np.int8)


def noise() -> np.ndarray:
    return np.random.default_rng(1).integers(2, 30, SHAPE).astype(np.int8)


def wrong_where(place: np.ndarray) -> list[str]:
    return likely_causes(Difference(right(), np.where(place, right() + noise(), right()).astype(np.int8)))


def grid(axis: int) -> np.ndarray:
    return np.indices(SHAPE)[axis]


ROW, COLUMN, CHANNEL = grid(1), grid(2), grid(3)


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (CHANNEL == 5, "channel 5 only: its weights"),
        (CHANNEL >= 13, "the last 3 of 16 channels only"),
        (CHANNEL % 4 == 2, "every 4th channel from 2 on"),
        (CHANNEL % 2 == 1, "every second channel from 1 on"),
        (np.isin(CHANNEL, (1, 4, 11)), "channels 1, 4, 11 only"),
        ((ROW == 0) | (COLUMN == 7), "pixels on the border only (first row, last column): padding"),
        ((ROW >= 3) & (ROW <= 5), "rows 3 to 5 of 8 only"),
        (np.ones(SHAPE, bool), "no pattern"),
        ((ROW == 0) & (COLUMN == 3) & (CHANNEL == 5), "no pattern"),  # one value can lie anywhere
    ],
)
def test_where_values_are_wrong(place: np.ndarray, says: str) -> None:
    assert wrong_where(place)[0].startswith(says)


def test_off_by_one_says_the_way() -> None:
    odd = right() % 2 == 1
    assert likely_causes(Difference(right(), right() + odd)) == [
        "off by one, up: rounding when results are requantized"
    ]
    assert "down" in likely_causes(Difference(right(), right() - odd))[0]
    either = np.where(odd, 1, -1).astype(np.int8) * (CHANNEL % 3 == 0)
    assert "off by one, either way: rounding when results are requantized" in likely_causes(
        Difference(right(), (right() + either).astype(np.int8))
    )


def test_all_of_them_by_the_same() -> None:
    assert (
        likely_causes(Difference(right(), right() - 7))[0]
        == "all of them by -7: the zero point of the output, or a bias"
    )


def test_a_sum_that_wraps_instead_of_saturating() -> None:
    sums = np.random.default_rng(2).integers(-200, 200, SHAPE)
    found = likely_causes(Difference(sums.clip(-128, 127).astype(np.int8), sums.astype(np.int8)))
    assert found[0].startswith("only where the right value is the end of the type's range")


def test_a_clamp_that_is_missing() -> None:
    sums = np.random.default_rng(2).integers(-90, 90, SHAPE)
    found = likely_causes(Difference(sums.clip(-20, 50).astype(np.int8), sums.astype(np.int8)))
    assert found[0] == "only beyond -20 to 50, the right values' range: the activation's clamp"


def test_floats_differ_by_their_bytes() -> None:
    expected = np.array([[0.0, np.nan, 1.0]], np.float32)
    difference = Difference(expected, np.array([[-0.0, np.nan, 1.5]], np.float32))
    assert difference.wrong.tolist() == [[True, False, True]]
    assert difference.steps.tolist() == [0.0, 0.5] and likely_causes(difference)
