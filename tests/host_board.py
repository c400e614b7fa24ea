"""The board's own firmware, built for this machine: a process that a Device talks to over TCP or a pseudo-terminal.

Between the two a Proxy can spoil what passes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import termios
import threading
import tty
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from edgekd.device.proxy import Proxy, Spoiler, Way, unspoilt

ROOT = Path(__file__).resolve().parent.parent
FIRMWARE = ROOT / "firmware"
HOST = ROOT / "tests" / "firmware" / "runtime" / "host"
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def build_board(
    out: Path, *defines: str, engine: Sequence[Path] = (HOST / "toy_engine.c",), sanitize: bool = True
) -> Path:
    """Compile the runtime, the host's port and the sources of an engine into the program `out`."""
    sources = [*sorted((FIRMWARE / "runtime").glob("*.c")), HOST / "port.c", *engine]
    folders = {FIRMWARE / "runtime", FIRMWARE / "ports", FIRMWARE / "engines", HOST, *(path.parent for path in engine)}
    command = ["gcc", "-O1", "-g", *WARNINGS, *(SANITIZERS if sanitize else ()), *(f"-D{name}" for name in defines)]
    command += [f"-I{folder}" for folder in sorted(folders)]
    subprocess.run([*command, "-o", str(out), *(str(source) for source in sources)], check=True)
    return out


class HostBoard:
    """The running firmware. end: our side of its serial line. restart(): its reset button. proxy: between it and
    the host, where it is on TCP."""

    proxy: Proxy

    def __init__(self, program: Path) -> None:
        self.end, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen([program], stdin=theirs, stdout=theirs)

    def restart(self) -> None:
        self._process.send_signal(signal.SIGUSR1)

    def close(self) -> None:
        self.end.close()
        code = self._process.wait(10)
        assert code == 0, f"the board's program ended with {code}: a sanitizer has found something"


@contextlib.contextmanager
def board_on_tcp(
    program: Path, to_board: Spoiler = unspoilt, to_host: Spoiler = unspoilt
) -> Iterator[tuple[HostBoard, str]]:
    """A running board and the URL it is reached at."""
    board = HostBoard(program)
    try:
        with Proxy(board.end, Way(spoil=to_board), Way(spoil=to_host)) as proxy:
            board.proxy = proxy
            yield board, proxy.url
    finally:
        board.close()


@contextlib.contextmanager
def board_on_terminal(program: Path) -> Iterator[str]:
    """A running board and the path of the pseudo-terminal it is reached at, which to pyserial is a serial port."""
    with restartable_on_terminal(program) as (_, path):
        yield path


@contextlib.contextmanager
def restartable_on_terminal(program: Path) -> Iterator[tuple[Callable[[], None], str]]:
    """The same, with its reset button."""
    master, slave = os.openpty()
    tty.setraw(slave)
    process = subprocess.Popen([program], stdin=master, stdout=master)
    try:
        yield lambda: process.send_signal(signal.SIGUSR1), os.ttyname(slave)
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


@contextlib.contextmanager
def board_with_baud(program: Path, fastest: int) -> Iterator[str]:
    """A running board behind two pseudo-terminals, whose bytes other than zero arrive as others unless both ends run
    at the same rate, and at most at `fastest`: the path of the host's."""
    host, host_end = os.openpty()
    board, board_end = os.openpty()
    for end in (host_end, board_end):
        tty.setraw(end)
        line = termios.tcgetattr(end)
        line[4] = line[5] = termios.B115200
        termios.tcsetattr(end, termios.TCSANOW, line)

    def carry(source: int, target: int) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(source, 4096):
                speeds = {termios.tcgetattr(end)[4] for end in (host_end, board_end)}
                right = len(speeds) == 1 and max(speeds) <= getattr(termios, f"B{fastest}")
                os.write(target, data if right else bytes(byte and (byte * 167 + 13) % 255 + 1 for byte in data))

    process = subprocess.Popen([program], stdin=board_end, stdout=board_end)
    threads = [threading.Thread(target=carry, args=way, daemon=True) for way in ((host, board), (board, host))]
    for thread in threads:
        thread.start()
    try:
        yield os.ttyname(host_end)
    finally:
        process.kill()
        process.wait()
        for end in (host_end, board_end, host, board):
            os.close(end)
