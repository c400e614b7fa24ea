"""What a board does beside answering, on each platform port: another rate, lines of its log, samples of its own."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from host_board import HOST

from edgekd.device.client import connect
from edgekd.device.emulator import Emulator
from edgekd.device.protocol import Kind, Status
from edgekd.firmware.board import list_boards, load_board
from edgekd.firmware.platformio import pio
from edgekd.firmware.project import make_project

pytestmark = pytest.mark.emulated

BOARDS = {board.build.platform_port: board.name for board in list_boards() if board.emulator}
LOGS = bytes([123]) + bytes(99)  # what the toy engine's first input asks for


@pytest.mark.parametrize("name", BOARDS.values())
def test_a_board_changes_its_rate_logs_and_pushes_results(name: str, tmp_path: Path) -> None:
    board = load_board(name)
    project = make_project(None, board, tmp_path / "toy")
    (project.folder / "lib" / "engine" / "engine.c").write_text((HOST / "toy_engine.c").read_text())
    (project.folder / "src" / "source.c").write_text((HOST / "toy_source.c").read_text())
    built = pio(["run", "--project-dir", str(project.folder)])
    assert built.returncode == 0, built.stdout
    lines: list[str] = []
    with Emulator(board, project.elf) as emulator, connect(emulator.url, on_log=lines.append) as device:
        assert device.info.can_change_baud and device.info.has_source
        # A greeting may reach a board that is still starting, and is then heard from its middle on.
        damaged_by_the_start = device.stats().damaged_frames
        # An emulated line carries any rate; the port's registers are what is tried.
        for rate, status in ((57_600, Status.DONE), (115_200, Status.DONE), (3, Status.UNSUPPORTED)):
            assert device._link.query("changing the rate", Kind.BAUD, rate.to_bytes(4, "little")).status == status
            assert device.infer([bytes([5]) * 100, b"\1\2\3"]).outputs[0][:4] == b"\6\7\10\6"
        device.infer([LOGS, bytes(3)])
        assert lines == ["the toy engine says ä"]
        watched = list(islice(device.watch(), 3))
        assert [result.outputs[0][0] for result in watched] == [result.index for result in watched]
        assert device.infer([bytes([9]) * 100, bytes(3)]).outputs[0] == bytes([9]) * 100
        assert device.stats().damaged_frames == damaged_by_the_start
