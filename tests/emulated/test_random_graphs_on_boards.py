"""A hundred random graphs on an emulated board of each core, byte by byte against TensorFlow Lite Micro."""

from __future__ import annotations

from pathlib import Path

import graphs
import pytest
from random_runs import Part, batches, differing_on_board

from edgekd.firmware.board import list_boards, load_board

pytestmark = [pytest.mark.emulated, pytest.mark.slow]

ONE_OF_EACH_CORE = {board.cpu.core: board.name for board in reversed(list_boards()) if board.emulator}
# One of each set of kernels; not the AVR, where the least alignment of everything is that of a byte, as anywhere.
ONE_OF_EACH_SET = [ONE_OF_EACH_CORE[core] for core in ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m55", "rv32imc")]


def hundred(seed: int) -> list[Part]:
    """Every operator, and chains."""
    every = [(operator, seed) for operator in graphs.OPERATORS]
    return every + [("chain", seed + n) for n in range(max(12, 100 - len(every)))]


@pytest.mark.parametrize("board", sorted(ONE_OF_EACH_CORE.values()))
def test_a_hundred_random_graphs_are_exact(board: str, tmp_path: Path) -> None:
    for parts in batches(hundred(11), load_board(board).memory.ram, tmp_path / "part.tflite"):
        assert not differing_on_board(parts, tmp_path, board)


@pytest.mark.parametrize("board", ONE_OF_EACH_SET)
def test_they_are_with_every_buffer_at_its_least_alignment(board: str, tmp_path: Path) -> None:
    for number, parts in enumerate(batches(hundred(500), load_board(board).memory.ram, tmp_path / "part.tflite")):
        assert not differing_on_board(parts, tmp_path / str(number), board, least_alignment=True)
