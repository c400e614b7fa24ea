"""What the digits model must do on the board that it is made for."""

from __future__ import annotations

import numpy as np
import pytest

import edgekd
from edgekd.evaluate.board import HeldBoard
from edgekd.evaluate.under_test import BoardUnderTest

Digits = tuple[np.ndarray, np.ndarray]


def test_a_seven_is_a_seven(device: BoardUnderTest, digits: Digits) -> None:
    images, labels = digits
    seven = images[labels == 7][0]
    assert device.infer(seven).argmax() == 7


def test_every_byte_is_tensorflow_lite_micro_s(device: BoardUnderTest, digits: Digits) -> None:
    for image in digits[0][:10]:
        assert device.infer(image) == edgekd.exactly(device.reference(image))


def test_accuracy(device: BoardUnderTest, digits: Digits) -> None:
    result = device.evaluate(*digits)
    assert result["bit_exact"]["equal"] == len(digits[0])
    assert result["accuracy"] >= 0.95


def test_answers_do_not_depend_on_what_came_before(device: BoardUnderTest, digits: Digits) -> None:
    image = digits[0][1]
    before = device.infer(image)
    device.reset()
    assert device.infer(image) == edgekd.exactly(before)


def test_it_leaves_room_for_the_application(device: BoardUnderTest, board: HeldBoard) -> None:
    result = device.bench(samples=2)
    assert result["ram_bytes"]["total"] <= board.profile.memory.ram / 4
    assert result["flash_bytes"]["total"] <= board.profile.memory.flash / 4


@pytest.mark.edgekd(ram="64k", isa="dsp")
def test_it_is_quick_where_the_core_has_dsp_instructions(device: BoardUnderTest) -> None:
    assert device.bench(samples=2)["per_inference"]["instructions"] <= 40_000
