"""The stack of an inference, with an engine that takes as much as it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from host_board import HOST

from edgekd.device.client import Device, connect
from edgekd.device.emulator import Emulator
from edgekd.errors import DeviceError
from edgekd.firmware.board import BoardProfile, list_boards, load_board
from edgekd.firmware.platformio import pio
from edgekd.firmware.project import make_project

pytestmark = pytest.mark.emulated
BOARDS = [board.name for board in list_boards() if board.emulator]
Toy = Callable[[BoardProfile, int], AbstractContextManager[Device]]
PLAIN, NEEDS_STACK = bytes(100), bytes([124]) + bytes(99)  # what the toy engine's first input asks for


@pytest.fixture
def toy_device(tmp_path: Path) -> Toy:
    """A board whose engine uses that many bytes of stack when asked."""

    @contextmanager
    def start(board: BoardProfile, stack: int) -> Iterator[Device]:
        project = make_project(None, board, tmp_path / "toy")
        source = f"#define TOY_STACK {stack}u\n" + (HOST / "toy_engine.c").read_text()
        (project.folder / "lib" / "engine" / "engine.c").write_text(source)
        built = pio(["run", "--project-dir", str(project.folder)])
        assert built.returncode == 0, built.stdout
        with Emulator(board, project.elf) as emulator, connect(emulator.url) as device:
            yield device

    return start


@pytest.mark.parametrize("name", BOARDS)
def test_the_stack_of_an_inference_is_measured_to_a_few_words(name: str, toy_device: Toy) -> None:
    board = load_board(name)
    taken = board.memory.stack // 2
    with toy_device(board, taken) as device:
        device.infer([PLAIN, bytes(3)])
        plain = device.stats()
        device.infer([NEEDS_STACK, bytes(3)])
        much = device.stats()
        device.infer([PLAIN, bytes(3)])
        assert device.stats().stack_inference == much.stack_inference  # the most of any
    assert plain.stack_inference < 100
    assert taken <= much.stack_inference < taken + 100
    assert plain.stack_used < much.stack_used < much.stack_bytes
    # A framework leaves to the stack what its data leaves over.
    assert much.stack_bytes == board.memory.stack if board.is_bare_metal else much.stack_bytes > board.memory.stack


@pytest.mark.parametrize(("name", "stack"), [("mps2-an386", 9000), ("qemu-riscv32", 9000), ("mega2560", 7300)])
def test_a_stack_that_overflows_restarts_the_board_and_is_not_an_answer(
    name: str, stack: int, toy_device: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgekd.device.exchange._FIRST_INFERENCE_WAIT", 0.3)
    with toy_device(load_board(name), stack) as device:
        with pytest.raises(DeviceError, match="restarted 3 times") as caught:
            device.infer([NEEDS_STACK, bytes(3)])
        assert "stack may be too small" in str(caught.value)
        assert device.infer([PLAIN, bytes(3)]).outputs[0] == bytes(100)
