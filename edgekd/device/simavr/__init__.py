"""AVR chips in simavr: cycle by cycle, with the chip's own timers and a UART as slow as its baud rate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgekd.errors import InputError
from edgekd.host_program import compiled

if TYPE_CHECKING:
    from edgekd.firmware.board import BoardProfile

_DEBIAN = "gcc libc6-dev libsimavr-dev"


def tools(board: BoardProfile) -> tuple[str, ...]:
    """The programs that must be on PATH."""
    return ("gcc",)


def runner() -> Path:
    """simavr's library has no program that gives the serial port away: ours, compiled unless it is there already.

    Raises ToolError where gcc or the library is missing.
    """
    return compiled(Path(__file__).parent / "run_avr.c", "-lsimavr", debian=_DEBIAN)


def command(board: BoardProfile, elf: Path, listener: int, arguments: tuple[str, ...]) -> list[str]:
    """What runs `elf`, its serial port on the inherited listening socket. Raises ToolError, InputError."""
    assert board.emulator is not None
    if arguments:
        raise InputError(f"simavr, which emulates {board.name}, takes no arguments")
    where = [board.emulator.machine, str(board.cpu.clock_hz), str(board.emulator.serial)]
    return [str(runner()), *where, str(elf), str(listener)]


def shell_command(board: BoardProfile, elf: str) -> str:
    """Nothing that a person could type."""
    return ""
