"""Factors and clamps on values a reader can follow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekd.compiler import quantize


@pytest.mark.parametrize(("value", "rounded"), [(0.5, 1), (-0.5, -1), (1.49, 1), (-2.5, -3), (0.0, 0)])
def test_halves_round_away_from_zero(value: float, rounded: int) -> None:
    assert quantize.round_half_away(value) == rounded


@pytest.mark.parametrize(
    ("real", "pair"),
    [
        (0.0, (0, 0)),
        (1.0, (1 << 30, 1)),
        (0.5, (1 << 30, 0)),
        (0.75, (3 << 29, 0)),
        (-0.5, (-(1 << 30), 0)),
        (2.0**-32, (1 << 30, -31)),
        (2.0**-33, (0, 0)),  # too small to matter
        (1 - 2.0**-40, (1 << 30, 1)),  # rounds up to 1
    ],
)
def test_a_factor_is_a_multiplier_and_a_shift(real: float, pair: tuple[int, int]) -> None:
    assert quantize.quantize_multiplier(real) == pair


@given(st.floats(2.0**-30, 2.0**30))
def test_a_factor_is_kept_to_31_bits(real: float) -> None:
    multiplier, shift = quantize.quantize_multiplier(real)
    assert 1 << 30 <= multiplier < 1 << 31
    assert multiplier * 2.0 ** (shift - 31) == pytest.approx(real, rel=2**-31)


@given(st.lists(st.integers(-(2**40), 2**40), min_size=1))
def test_arrays_wrap_as_numbers_do(values: list[int]) -> None:
    assert quantize.wrap_array(np.array(values, np.int64)).tolist() == [quantize.wrap(value) for value in values]


def test_limits_of_activations() -> None:
    assert quantize.activation_limits("NONE", 0.1, 3) == (-128, 127)
    assert quantize.activation_limits("RELU", 0.1, 3) == (3, 127)
    assert quantize.activation_limits("RELU6", 0.1, 3) == (3, 63)
    assert quantize.activation_limits("RELU6", 0.001, -128) == (-128, 127)
    assert quantize.activation_limits("RELU_N1_TO_1", 0.1, 3) == (-7, 13)
    assert quantize.activation_limits("RELU6", 1e-10, 0) is None
