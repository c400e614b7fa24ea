"""The pytest plugin's `device` fixture as a user's test has it; also on a real board, with --edgekd-port."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgekd.convert import tflm
from edgekd.errors import InputError
from edgekd.evaluate.under_test import BoardUnderTest

pytestmark = pytest.mark.emulated


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(1).integers(-128, 128, (12, 8, 8, 3), dtype=np.int8)


def test_one_image_gives_the_oracle_s_answer(device: BoardUnderTest, images: np.ndarray, edgekd_model: Path) -> None:
    answer = device.infer(images[0])
    assert isinstance(answer, np.ndarray)
    assert (answer.shape, answer.dtype) == ((4,), np.int8)
    assert answer.tobytes() == tflm.run_batch(edgekd_model, images[:1]).tobytes()
    assert np.array_equal(answer, device.infer(images[:1]))  # with the batch of 1


def test_real_numbers_are_quantized_as_the_model_wants(device: BoardUnderTest, images: np.ndarray) -> None:
    tensor = device.graph.inputs[0]
    real = np.float32(tensor.scale) * (images[0].astype(np.float32) - tensor.zero_point)
    assert np.array_equal(device.infer(real), device.infer(images[0]))


def test_a_labelled_set_is_scored(device: BoardUnderTest, images: np.ndarray, edgekd_model: Path) -> None:
    right = tflm.run_batch(edgekd_model, images).reshape(12, 4).argmax(axis=1)
    labels = np.where(np.arange(12) < 9, right, (right + 1) % 4)
    result = device.evaluate(images, labels)
    assert result["bit_exact"]["equal"] == result["bit_exact"]["of"] == result["samples"] == 12
    assert result["accuracy"] == 0.75
    low, high = result["accuracy_interval_95"]
    assert low < 0.75 < high
    assert np.array(result["confusion"]).sum() == 12 and np.trace(result["confusion"]) == 9
    assert result["link"]["bytes_sent"] > 12 * 192 and result["link"]["restarts"] == 0


def test_without_labels_only_the_bytes_are_compared(device: BoardUnderTest, images: np.ndarray) -> None:
    result = device.evaluate(images[:3])
    assert result["accuracy"] is None and result["confusion"] is None
    assert result["bit_exact"]["equal"] == 3


def test_a_restarted_board_answers_as_before(device: BoardUnderTest, images: np.ndarray) -> None:
    before, nonce = device.infer(images[0]), device.device.info.boot_nonce
    device.reset()
    assert device.device.info.boot_nonce != nonce
    assert np.array_equal(device.infer(images[0]), before)


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        (np.zeros((0, 8, 8, 3), np.int8), None, "no samples"),
        (np.zeros((2, 8, 8, 1), np.int8), None, "a sample has shape"),
        (np.zeros((2, 8, 8, 3), np.uint8), None, "samples are uint8"),
        (np.full((2, 8, 8, 3), np.nan, np.float32), None, "not a number"),
        (np.zeros((2, 8, 8, 3), np.int8), np.array([0, 4]), "there is a label 4"),
        (np.zeros((2, 8, 8, 3), np.int8), np.array([0, -1]), "there is a label -1"),
        (np.zeros((2, 8, 8, 3), np.int8), np.array([0]), "2 samples and 1 labels"),
    ],
)
def test_samples_that_do_not_fit_are_named(
    device: BoardUnderTest, x: np.ndarray, y: np.ndarray | None, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        device.evaluate(x, y)
