"""A board with an upload command: flashed when it must be, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flashable_board import FlashableBoard, flashable_board
from small_models import classifier

from edgekd.device.emulator import Emulator
from edgekd.errors import DeviceError
from edgekd.evaluate.board import hold, hold_any, single_board
from edgekd.evaluate.comparison import exactly
from edgekd.firmware.board import load_board

pytestmark = pytest.mark.emulated

IMAGE = np.random.default_rng(3).integers(-128, 128, (8, 8, 3), dtype=np.int8)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[FlashableBoard]:
    with flashable_board(tmp_path) as board:
        yield board


@pytest.fixture(scope="module")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("other") / "other.tflite"
    path.write_bytes(classifier(seed=1))
    return path


def test_a_board_is_flashed_only_when_it_runs_something_else(
    bench: FlashableBoard, edgekd_model: Path, other_model: Path
) -> None:
    farm = single_board(load_board(bench.profile), bench.url, str(bench.profile))
    with hold_any(farm) as held:
        first = held.deployed(edgekd_model)
        assert (bench.uploads, held.flashed) == (1, 1)  # it was empty
        assert first.infer(IMAGE) == exactly(first.reference(IMAGE))
        assert held.deployed(edgekd_model) is first
        assert first.deployment is not None and held.provenance["build_id"] == first.deployment.build_id
    with hold(farm, farm.boards[0], load_board(bench.profile)) as held:  # another session
        held.deployed(edgekd_model)
        assert (bench.uploads, held.flashed) == (1, 0)  # the board says that it runs this build
        before = held.running
        other = held.deployed(other_model)
        assert (bench.uploads, held.flashed) == (2, 1)
        assert other.infer(IMAGE) == exactly(other.reference(IMAGE))
        assert before is not None
        with pytest.raises(DeviceError, match=r"does not run classifier\.tflite any more: other\.tflite was asked for"):
            before.infer(IMAGE)
        with pytest.raises(DeviceError, match="the board runs another model"):
            held.deployed(edgekd_model, flash=False)
        assert bench.uploads == 2
        bench.break_upload()
        with pytest.raises(DeviceError, match=r"was given build .* and still runs"):
            held.deployed(edgekd_model)
    with pytest.raises(DeviceError, match=r"bench does not run other\.tflite any more"):
        other.infer(IMAGE)


def test_a_board_that_died_is_there_again_for_the_next_test(
    edgekd_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Emulator] = []

    def start(*arguments: Any) -> Emulator:
        started.append(Emulator(*arguments))
        return started[-1]

    monkeypatch.setattr("edgekd.evaluate.board.Emulator", start)
    farm = single_board(load_board("mps2-an386"), None)
    with hold_any(farm) as held:
        dead = held.deployed(edgekd_model)
        assert held.deployed(edgekd_model) is dead and len(started) == 1
        started[0].close()
        alive = held.deployed(edgekd_model)
        assert len(started) == 2 and alive.infer(IMAGE) == exactly(alive.reference(IMAGE))
        with pytest.raises(DeviceError, match="it gave no answer"):
            dead.infer(IMAGE)
