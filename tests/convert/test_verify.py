from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekd.compiler.reader import read_tflite
from edgekd.convert import tflm
from edgekd.convert.quantize_io import model_input
from edgekd.convert.verify import verify
from edgekd.errors import BadResultError, InputError

pytestmark = [pytest.mark.torch, pytest.mark.convert, pytest.mark.slow]


def test_a_good_conversion_keeps_the_accuracy_and_is_described(digits: Any, conversions: Any) -> None:
    reported: list[float] = []

    checked = verify(
        conversions.good,
        digits.x_test,
        digits.y_test,
        float_accuracy=digits.accuracy,
        max_drop=1.0,
        progress=lambda done, total, text: reported.append(done / total),
    )

    assert digits.accuracy > 85 and checked.accuracy > digits.accuracy - 1.0
    assert checked.samples == len(digits.x_test) == checked.confusion.sum()
    assert checked.accuracy == 100 * np.trace(checked.confusion) / checked.samples
    assert checked.confusion.sum(axis=1).tolist() == np.bincount(digits.y_test, minlength=10).tolist()
    samples = model_input(digits.x_test, read_tflite(conversions.good).inputs[0])
    assert np.array_equal(checked.outputs, tflm.run_batch(conversions.good, samples))
    assert [operator.name for operator in checked.operators] == [
        *("CONV_2D", "MAX_POOL_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "CONV_2D", "RESHAPE")
    ]
    # By hand: 8x8 outputs of 9 taps to 12 channels, then at 4x4 9 taps of 12 and 12 to 24, then 16 times 24 to 10.
    assert checked.macs == 64 * 9 * 12 + 16 * 9 * 12 + 16 * 12 * 24 + 16 * 240
    # Weights of a byte, and a bias of four bytes an output channel.
    assert checked.weight_bytes == 9 * 12 + 9 * 12 + 12 * 24 + 16 * 240 + 4 * (12 + 12 + 24 + 10)
    assert 0 < checked.tflm_arena_bytes < 32_000
    assert reported == sorted(reported)


def test_a_calibration_that_missed_the_range_does_not_pass(digits: Any, conversions: Any) -> None:
    with pytest.raises(BadResultError, match=r"points below the float model's \d") as bad:
        verify(conversions.narrow, digits.x_test, digits.y_test, float_accuracy=digits.accuracy, max_drop=0.5)

    assert bad.value.exit_code == 1
    assert "of the test values lie outside the input's calibrated range 0 to 0.02" in str(bad.value)


def test_the_gate_is_at_exactly_the_points_allowed(digits: Any, conversions: Any) -> None:
    x, y = digits.x_test[:100], digits.y_test[:100]
    reached = verify(conversions.good, x, y).accuracy

    assert verify(conversions.good, x, y, float_accuracy=reached + 2.0, max_drop=2.0).float_accuracy == reached + 2.0
    with pytest.raises(BadResultError):
        verify(conversions.good, x, y, float_accuracy=reached + 2.0, max_drop=1.99)


@pytest.mark.parametrize(
    ("x", "y", "part"),
    [
        (np.zeros((2, 8, 8, 3), np.float32), np.zeros(2, np.int64), r"shape \[8, 8, 3\]"),
        (np.zeros((2, 8, 8, 1), np.float32), np.zeros(3, np.int64), r"shape \[3\] for 2 samples"),
        (np.zeros((2, 8, 8, 1), np.float32), np.zeros(2), "float64"),
        (np.zeros((2, 8, 8, 1), np.float32), np.array([0, 10]), "10 classes apart, the labels go from 0 to 10"),
        (np.zeros((0, 8, 8, 1), np.float32), np.zeros(0, np.int64), "0 samples"),
    ],
    ids=["shape", "count", "type", "range", "none"],
)
def test_test_data_that_does_not_fit_is_refused(conversions: Any, x: Any, y: Any, part: str) -> None:
    with pytest.raises(InputError, match=part):
        verify(conversions.good, x, y)


def test_what_is_not_a_tflite_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(b"not a model at all, but long enough to be read")

    with pytest.raises(InputError, match=r"model\.tflite"):
        verify(tmp_path / "model.tflite", np.zeros((1, 2)), np.zeros(1, np.int64))
