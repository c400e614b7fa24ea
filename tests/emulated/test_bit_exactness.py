"""Every output byte on every emulated board is TensorFlow Lite Micro's."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import graphs
import numpy as np
import pytest
from host_board import Relay, spoiler

from edgekd.compiler.reader import read_tflite
from edgekd.convert import tflm
from edgekd.device.client import connect
from edgekd.device.emulator import Emulator
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


def tensor_bytes(parts: Sequence[tuple[str, int]], path: Path) -> int:
    """What the inputs and outputs of such a model take."""
    path.write_bytes(graphs.random_graph(parts).data)
    graph = read_tflite(path)
    return sum(tensor.nbytes for tensor in (*graph.inputs, *graph.outputs))


def batches(ram: int, path: Path) -> list[list[tuple[str, int]]]:
    """Parts of models, together less than half of the RAM; none of a model that takes an eighth of it."""
    made: list[list[tuple[str, int]]] = []
    room = 0
    for operator, first in [
        *((operator, 11) for operator in graphs.OPERATORS),
        *(("chain", 100 + n) for n in range(12)),
    ]:
        part = next((operator, seed) for seed in count(first) if tensor_bytes([(operator, seed)], path) < ram // 8)
        size = tensor_bytes([part], path)
        if size > room:
            made.append([])
            room = ram // 2
        made[-1].append(part)
        room -= size
    return made


@pytest.mark.slow
@pytest.mark.parametrize("name", BOARDS)
def test_random_graphs_of_every_operator_are_exact(name: str, tmp_path: Path) -> None:
    """All operators and some chains of them, side by side in one model as far as the RAM allows."""
    path = tmp_path / "parts.tflite"
    for parts in batches(load_board(name).memory.ram, path):
        graph = graphs.random_graph(parts)
        path.write_bytes(graph.data)
        samples = graph.samples(4)
        expected = tflm.run(path, samples).outputs
        with board_under_test(path, name) as board:
            answers = board.stream(samples)
            differing = [
                (sample, board.graph.outputs[n].name)
                for sample, (ours, theirs) in enumerate(zip(answers.outputs, expected, strict=True))
                for n in range(len(theirs))
                if ours[n].tobytes() != theirs[n].tobytes()
            ]
        assert not differing


def test_a_damaged_serial_line_changes_nothing_on_an_emulated_board(edgekd_model: Path) -> None:
    board = load_board("mps2-an386")
    x = np.random.default_rng(2).integers(-128, 128, (30, 8, 8, 3), dtype=np.int8)
    expected = tflm.run_batch(edgekd_model, x)
    with Emulator(board, deploy_cached(edgekd_model, board).elf) as emulator:
        host, port = emulator.url.removeprefix("socket://").split(":")
        line = socket.create_connection((host, int(port)))
        relay = Relay(line, spoiler("flip", 1500, seed=1), spoiler("drop", 300, seed=2))
        with connect(relay.url) as device:
            answers = [device.infer([image.tobytes()]).outputs[0] for image in x]
            assert device.stats().damaged_frames > 0
            assert device.link.retries > 0
        relay.close()
        line.shutdown(socket.SHUT_RDWR)
    assert answers == [row.tobytes() for row in expected]
