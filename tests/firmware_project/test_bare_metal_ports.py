"""Ports, start-up code and emulator facts, on the emulated boards with a program of these tests' own."""

from __future__ import annotations

import contextlib
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from board_variants import changed

from edgekd.device.emulator import Emulator
from edgekd.errors import ToolError
from edgekd.firmware.board import BoardProfile, list_boards
from edgekd.firmware.platformio import pio
from edgekd.firmware.project import make_project

pytestmark = pytest.mark.emulated
BOARDS = {board.name: board for board in list_boards() if board.is_bare_metal and board.emulator}
EXERCISER = Path(__file__).resolve().parent / "exerciser.c"
SPUN = 2_000_000  # instructions of the exerciser's loop
AROUND = 20  # at most, of the calls around it


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The exerciser for every board, on the board's own port."""
    found = {}
    for name, board in BOARDS.items():
        project = make_project(None, board, tmp_path_factory.mktemp("ports") / name)
        shutil.copy(EXERCISER, project.folder / "src" / "main.c")
        built = pio(["run", "--project-dir", str(project.folder)])
        assert built.returncode == 0, built.stdout
        found[name] = project.elf
    return found


class Wire:
    """The serial line to an emulated board, byte by byte."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def send(self, data: bytes) -> None:
        self._line.sendall(data)

    def take(self, count: int, seconds: float = 30.0) -> bytes:
        self._line.settimeout(seconds)
        data = b""
        while len(data) < count:
            part = self._line.recv(count - len(data))
            assert part, "the emulator ended"
            data += part
        return data

    def number(self) -> int:
        return int.from_bytes(self.take(4), "little")


def wait_for_start(wire: Wire) -> None:
    """What is said before the other side listens is lost: ask until there is an answer, then take what came."""
    for _ in range(100):
        wire.send(b"p")
        with contextlib.suppress(TimeoutError):
            wire.take(1, seconds=0.3)
            break
    wire.send(b"n")
    taken = b""
    while not taken.endswith(b"next"):
        taken += wire.take(1)


@contextlib.contextmanager
def running(board: BoardProfile, elf: Path) -> Iterator[Wire]:
    with Emulator(board, elf) as emulator:
        host, port = emulator.url.removeprefix("socket://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as line:
            wire = Wire(line)
            wait_for_start(wire)
            yield wire


@pytest.fixture(params=BOARDS)
def board(request: pytest.FixtureRequest) -> BoardProfile:
    return BOARDS[request.param]


@pytest.fixture
def wire(board: BoardProfile, images: dict[str, Path]) -> Iterator[Wire]:
    with running(board, images[board.name]) as line:
        yield line


def test_a_tick_is_as_many_instructions_as_the_profile_says(board: BoardProfile, wire: Wire) -> None:
    assert board.emulator is not None
    unit = board.emulator.instructions_per_tick
    for _ in range(3):
        wire.send(b"t")
        assert SPUN - unit <= wire.number() * unit <= SPUN + AROUND + unit


def test_no_byte_is_lost_while_the_processor_is_busy(wire: Wire) -> None:
    data = bytes((7 * i + i // 256) % 256 for i in range(5000))
    expected = 0
    for byte in data:
        expected = (31 * expected + byte) % (1 << 32)
    wire.send(b"s" + data)
    assert wire.number() == expected


@pytest.mark.parametrize("cause", ["overflow of the stack", "fault", "restart"])
def test_the_board_starts_again_after(cause: str, wire: Wire) -> None:
    for _ in range(2):
        wire.send(cause[0].encode())
        assert wire.take(4) == b"boot"
    wire.send(b"t")
    assert wire.number() > 0


def test_a_qemu_whose_timer_is_not_known_is_refused(images: dict[str, Path]) -> None:
    later = changed(BOARDS["netduinoplus2"], emulator={"versions": ("99.1",)})
    with pytest.raises(ToolError, match=r"known to count instructions right in QEMU 99\.1, here is \d+\.\d+"):
        Emulator(later, images["netduinoplus2"]).__enter__()
