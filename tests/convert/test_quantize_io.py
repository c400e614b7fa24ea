from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekd.compiler.graph import Quantization, Tensor
from edgekd.convert.quantize_io import check_pinned, dequantize, model_input, pin_input, quantize
from edgekd.errors import InputError


def tensor(scale: float, zero_point: int, shape: tuple[int, ...] = (1, 4)) -> Tensor:
    pair = Quantization(np.array([scale], np.float32), np.array([zero_point], np.int64))
    return Tensor(0, "x", shape, "int8", pair)


def test_halves_round_away_from_zero_on_both_sides() -> None:
    values = np.array([-1.25, -0.75, -0.25, 0.25, 0.75, 1.25], np.float32)  # at scale 0.5: all halves

    assert quantize(values, tensor(0.5, 0)).tolist() == [-3, -2, -1, 1, 2, 3]


def test_the_largest_float_below_a_half_rounds_down() -> None:
    below = np.nextafter(np.float32(0.5), np.float32(0))

    assert quantize(np.array([below, -below]), tensor(1.0, 0)).tolist() == [0, 0]


def test_values_out_of_range_clamp_infinity_included() -> None:
    values = np.array([-np.inf, -1e30, 1e30, np.inf], np.float32)

    assert quantize(values, tensor(1e-6, 5)).tolist() == [-128, -128, 127, 127]


@given(
    st.integers(-128, 127),
    st.floats(2.0**-20, 2.0**10, width=32),
    st.integers(-128, 127),
)
def test_an_integer_survives_the_way_there_and_back(value: int, scale: float, zero_point: int) -> None:
    t = tensor(scale, zero_point)

    assert quantize(dequantize(np.array([value], np.int8), t), t).tolist() == [value]


def test_not_a_number_is_refused_with_its_place() -> None:
    with pytest.raises(InputError, match=r"\[1, 2\]"):
        quantize(np.array([[0, 0, 0], [0, 0, np.nan]], np.float32), tensor(1.0, 0))


def test_samples_already_quantized_pass_unchanged() -> None:
    samples = np.arange(-4, 4, dtype=np.int8).reshape(2, 4)

    assert model_input(samples, tensor(0.1, 3)) is samples


@pytest.mark.parametrize(
    ("samples", "part"),
    [
        (np.zeros((2, 5), np.float32), r"shape \[5\]"),
        (np.zeros((2, 4), np.uint8), "uint8"),
    ],
)
def test_samples_that_do_not_fit_the_input_are_refused(samples: np.ndarray, part: str) -> None:
    with pytest.raises(InputError, match=part):
        model_input(samples, tensor(0.1, 3))


def test_pinned_samples_have_the_range_of_the_boards_own_steps() -> None:
    samples = np.linspace(-0.3, 0.2, 12, dtype=np.float32).reshape(3, 4)
    pinned = pin_input(samples, 1 / 128)
    assert (pinned.min(), pinned.max()) == (-1.0, 127 / 128)
    assert (pinned != samples).sum() == 2 and samples.min() == np.float32(-0.3)


@pytest.mark.parametrize(("scale", "zero_point"), [(1 / 127, 0), (1 / 128, 1)])
def test_an_input_that_would_shift_the_boards_steps_is_refused(scale: float, zero_point: int) -> None:
    check_pinned(tensor(1 / 128, 0), 1 / 128, "good.tflite")
    with pytest.raises(InputError, match=r"bad\.tflite: its input has scale 0.0078"):
        check_pinned(tensor(scale, zero_point), 1 / 128, "bad.tflite")
