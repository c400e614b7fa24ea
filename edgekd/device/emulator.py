"""An emulated board: an emulator with the image of a real one, its serial port on a TCP port of this machine.

qemu.py and simavr/ say how each emulator is started.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from edgekd.device import qemu, simavr
from edgekd.errors import DeviceError, InputError, ToolError

if TYPE_CHECKING:
    from edgekd.firmware.board import BoardProfile

_SECONDS_TO_END = 5.0
_PR_SET_PDEATHSIG = 1  # prctl(2)


class Emulator:
    """Runs the image `elf` of `board` as long as the context lasts.

        with Emulator(load_board("mps2-an386"), elf) as emulator, connect(emulator.url) as device:
            ...

    url: the serial port, socket://127.0.0.1:PORT. One connection at a time, any number in turn.
    Time inside counts instructions (QEMU) or cycles (simavr), whatever this machine does besides.
    arguments: more of QEMU's own, a plugin for one.
    Raises InputError for a board without an emulator or an absent image, ToolError when the emulator is missing or
    refuses.
    """

    def __init__(self, board: BoardProfile, elf: Path, arguments: tuple[str, ...] = ()) -> None:
        if board.emulator is None:
            raise InputError(f"board {board.name} cannot be emulated", "name its serial port: --port PORT")
        if not elf.is_file():
            raise InputError(f"{elf}: no such image")
        self._board = board
        self._elf = elf
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> Emulator:
        self._said = tempfile.TemporaryFile()
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(1)
            self.url = f"socket://127.0.0.1:{listener.getsockname()[1]}"
            # The emulator inherits the listening socket: no port number that another program could take in between.
            self._process = subprocess.Popen(
                _program_of(self._board).command(self._board, self._elf, listener.fileno(), self._arguments),
                pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._said,
                start_new_session=True,  # Ctrl-C is for us, who then end it in order
                preexec_fn=_die_with_parent(),  # calls one function of libc, loaded before the fork
            )
        atexit.register(self.close)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.05)  # what it refuses, it refuses at once
            raise self._ended()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        crashed = self._process is not None and self._process.poll() is not None
        ended = self._ended() if crashed else None
        self.close()
        if ended is not None and isinstance(error, DeviceError):
            raise ended from error

    def close(self) -> None:
        """End the emulator, if it runs."""
        atexit.unregister(self.close)
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(_SECONDS_TO_END)
            self._said.close()

    def _ended(self) -> ToolError:
        assert self._process is not None and self._board.emulator is not None
        code = self._process.poll()
        self._said.seek(0)
        said = self._said.read().decode("utf-8", "replace").splitlines()[-5:]
        how = f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"
        return ToolError(
            f"{self._board.emulator.program} ended by itself ({how})",
            *(f"it said: {line}" for line in said),
        )


class _Program(Protocol):
    """What qemu.py and simavr/ define."""

    def command(self, board: BoardProfile, elf: Path, listener: int, arguments: tuple[str, ...]) -> list[str]:
        """What runs `elf`, its serial port on the inherited listening socket."""

    def shell_command(self, board: BoardProfile, elf: str) -> str:
        """The like for a person."""

    def tools(self, board: BoardProfile) -> tuple[str, ...]:
        """The programs that must be on PATH."""


def _program_of(board: BoardProfile) -> _Program:
    """The module that knows the board's emulator."""
    assert board.emulator is not None
    return simavr if board.emulator.program == "simavr" else qemu


def tools_of(board: BoardProfile) -> tuple[str, ...]:
    """The programs that emulating the board needs on PATH."""
    return _program_of(board).tools(board) if board.emulator else ()


def shell_command(board: BoardProfile, elf: str) -> str:
    """How a person starts `elf`, with the serial port on TCP port 5333; "" where that takes edgekd."""
    return _program_of(board).shell_command(board, elf) if board.emulator else ""


def _die_with_parent() -> Callable[[], None] | None:
    """Runs in the child: the kernel ends it should we be killed (prctl(2), PR_SET_PDEATHSIG; Linux only).

    The signal is tied to the thread that forks, so it is only asked for where that is the main one; atexit and the
    context manager end the process in any case but a kill.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return None
    libc = ctypes.CDLL(None)

    def ask_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    return ask_kernel
