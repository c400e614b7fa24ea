"""Every output byte on every emulated board is TensorFlow Lite Micro's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgekd.convert import tflm
from edgekd.device.client import connect
from edgekd.device.emulator import Emulator
from edgekd.device.proxy import Proxy, Way, at_random
from edgekd.evaluate.board import board_under_test
from edgekd.evaluate.samples import noise
from edgekd.firmware import deploy_cached
from edgekd.firmware.board import list_boards, load_board

pytestmark = pytest.mark.emulated
BOARDS = [board.name for board in list_boards() if board.emulator]


@pytest.mark.parametrize("name", BOARDS)
def test_a_classifier_is_exact_and_its_instructions_repeat(name: str, edgekd_model: Path) -> None:
    with board_under_test(edgekd_model, name) as board:
        inputs = noise(board.graph.inputs, 10)
        first = board.stream(inputs)
        assert board.compare(inputs, first.outputs) == {"oracle": "TensorFlow Lite Micro", "equal": 10, "of": 10}
        again = board.stream(inputs)
        # One tick more or less: the counter may be about to move when an inference begins.
        assert max(abs(a - b) for a, b in zip(first.ticks, again.ticks, strict=True)) <= 1
        assert 0 < first.stack_bytes < 1000
        assert first.arena_bytes > board.graph.inputs[0].nbytes


def test_a_damaged_serial_line_changes_nothing_on_an_emulated_board(edgekd_model: Path) -> None:
    board = load_board("mps2-an386")
    x = np.random.default_rng(2).integers(-128, 128, (30, 8, 8, 3), dtype=np.int8)
    expected = tflm.run_batch(edgekd_model, x)
    with Emulator(board, deploy_cached(edgekd_model, board).elf) as emulator:
        ways = Way(spoil=at_random(["flip"], 1500, seed=1)), Way(spoil=at_random(["drop"], 300, seed=2))
        with Proxy(emulator.url, *ways) as proxy, connect(proxy.url) as device:
            answers = [device.infer([image.tobytes()]).outputs[0] for image in x]
            assert device.stats().damaged_frames > 0
            assert device.link.retries > 0
    assert answers == [row.tobytes() for row in expected]
