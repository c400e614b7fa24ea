"""Boards in QEMU: instruction by instruction, each one nanosecond of the board's time (-icount shift=0)."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from edgekd.errors import ToolError

if TYPE_CHECKING:
    from edgekd.firmware.board import BoardProfile

_PACKAGES = {"qemu-system-arm": "qemu-system-arm"}  # Debian's package of a program; others are in qemu-system-misc


def tools(board: BoardProfile) -> tuple[str, ...]:
    """The programs that must be on PATH."""
    assert board.emulator is not None
    return (board.emulator.program,)


def command(board: BoardProfile, elf: Path, listener: int, arguments: tuple[str, ...]) -> list[str]:
    """What runs `elf`, its serial port on the inherited listening socket. arguments: more of QEMU's own.

    Raises ToolError where QEMU is missing, or of a version that would count wrong.
    """
    emulator = board.emulator
    assert emulator is not None
    program = shutil.which(emulator.program)
    if program is None:
        package = _PACKAGES.get(emulator.program, "qemu-system-misc")
        raise ToolError(f"{emulator.program} is not on PATH", f"Debian: apt-get install {package}")
    _check_version(board.name, program, emulator.versions)
    return [
        *(program, "-machine", emulator.machine, "-kernel", str(elf)),
        *("-nodefaults", "-display", "none", "-icount", "shift=0"),
        # QEMU hands a UART byte by byte; the multiplexer's small buffer in between makes that three times as fast.
        # Its escape character would be Ctrl-A: one beyond a byte never comes.
        *("-chardev", f"socket,id=link,fd={listener},server=on,wait=off,nodelay=on,mux=on", "-echr", "256"),
        *(["-serial", "null"] * emulator.serial),
        *("-serial", "chardev:link"),
        *emulator.arguments,
        *arguments,
    ]


def shell_command(board: BoardProfile, elf: str) -> str:
    """The command for a person, with the serial port on TCP."""
    emulator = board.emulator
    assert emulator is not None
    serial = ["-serial null"] * emulator.serial + ["-serial tcp:127.0.0.1:5333,server=on,wait=on"]
    words = [emulator.program, "-machine", emulator.machine, "-nographic -monitor none -icount shift=0", *serial]
    return " ".join([*words, *emulator.arguments, "-kernel", elf])


def _check_version(board: str, program: str, known: tuple[str, ...]) -> None:
    """Refuse a QEMU whose timers may run at another rate than the profile says: its figures would be wrong."""
    if not known:
        return
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"version (\d+\.\d+)", said)
    if match is None or match[1] not in known:
        raise ToolError(
            f"{board} is known to count instructions right in QEMU {', '.join(known)}, "
            f"here is {match[1] if match else 'an unknown version'}",
            "use the board mps2-an386, which counts alike in every version",
        )
