"""The board's own firmware, built for this machine: a process that a Device talks to over TCP or a pseudo-terminal.

Between the two a Relay can spoil what passes.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import threading
import tty
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRMWARE = ROOT / "firmware"
HOST = ROOT / "tests" / "firmware" / "runtime" / "host"
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

Spoiler = Callable[[bytes], bytes]


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
    """The running firmware. end: our side of its serial line. restart(): its reset button. hang_up(): cuts the
    connection of the host to it, which may connect again."""

    def __init__(self, program: Path) -> None:
        self.end, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen([program], stdin=theirs, stdout=theirs)

        self.hang_up: Callable[[], None] = lambda: None

    def restart(self) -> None:
        self._process.send_signal(signal.SIGUSR1)

    def close(self) -> None:
        self.end.close()
        code = self._process.wait(10)
        assert code == 0, f"the board's program ended with {code}: a sanitizer has found something"


class Relay:
    """A TCP port whose bytes go to and from a board's line through a spoiler for each direction."""

    def __init__(self, line: socket.socket, to_board: Spoiler = bytes, to_host: Spoiler = bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._line = line
        self._spoilers = to_board, to_host
        self._host: socket.socket | None = None
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        threading.Thread(target=self._carry_back, daemon=True).start()
        with contextlib.suppress(OSError):
            while True:
                host, _ = self._listener.accept()
                host.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._host = host
                _carry(host, self._line, self._spoilers[0])
                host.close()

    def _carry_back(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._line.recv(4096):
                with contextlib.suppress(OSError):  # while nobody is connected it is lost
                    if self._host is not None:
                        self._host.sendall(self._spoilers[1](data))
            if self._host is not None:
                self._host.shutdown(socket.SHUT_RDWR)

    def hang_up(self) -> None:
        """Cut the connection of now."""
        if self._host is not None:
            self._host.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()


def _carry(source: socket.socket, target: socket.socket, spoil: Spoiler) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(4096):
            target.sendall(spoil(data))


@contextlib.contextmanager
def board_on_tcp(program: Path, to_board: Spoiler = bytes, to_host: Spoiler = bytes) -> Iterator[tuple[HostBoard, str]]:
    """A running board and the URL it is reached at."""
    board = HostBoard(program)
    relay = Relay(board.end, to_board, to_host)
    board.hang_up = relay.hang_up
    try:
        yield board, relay.url
    finally:
        relay.close()
        board.end.shutdown(socket.SHUT_RDWR)
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


def spoiler(kind: str, one_in: int, seed: int) -> Spoiler:
    """Spoils about one byte in `one_in`: kind is "drop", "flip" a bit, "repeat", or "insert" a random byte."""
    chance = random.Random(seed)

    def spoil(data: bytes) -> bytes:
        spoiled = bytearray()
        for byte in data:
            if chance.randrange(one_in):
                spoiled.append(byte)
            elif kind == "flip":
                spoiled.append(byte ^ 1 << chance.randrange(8))
            elif kind == "repeat":
                spoiled += bytes((byte, byte))
            elif kind == "insert":
                spoiled += bytes((chance.randrange(256), byte))
        return bytes(spoiled)

    return spoil
