"""A line between host and board as slow and as bad as asked, on a TCP port of this machine: for tests and measurements.

    with Emulator(board, elf) as emulator, Proxy(emulator.url, to_board=Way(baud=115_200)) as proxy:
        device = connect(proxy.url)

The board's end stays connected as long as the proxy lives, as a UART does; hosts come and go at the other.
"""

from __future__ import annotations

import contextlib
import queue
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import urlsplit

_BITS_PER_BYTE = 10  # start, eight, stop
_PIECE_SECONDS = 0.002  # of the line, sent at once
_DELAY_SECONDS = 0.03

KINDS = ("drop", "flip", "insert", "duplicate", "delay", "split")

Spoiler = Callable[[bytes], Iterator[bytes]]
"""Bytes that arrive to what goes on, piece by piece; an empty piece is a pause."""


def unspoilt(data: bytes) -> Iterator[bytes]:
    """Everything as it came."""
    yield data


@dataclass(frozen=True)
class Way:
    """One direction. baud: bits a second, 10 a byte; None: as fast as it goes. spoil: what happens on the way."""

    baud: int | None = None
    spoil: Spoiler = field(default=unspoilt)


def at_random(kinds: Sequence[str], one_in: int, seed: int) -> Spoiler:
    """A fault of one of `kinds` (KINDS) at about one byte in `one_in`."""
    chance = random.Random(seed)
    left = _gap(chance, one_in)

    def spoil(data: bytes) -> Iterator[bytes]:
        nonlocal left
        at = 0
        while at + left < len(data):
            yield data[at : at + left]
            at += left
            yield from _spoilt(chance.choice(kinds), data[at], chance)
            at += 1
            left = _gap(chance, one_in)
        left -= len(data) - at
        yield data[at:]

    return spoil


def at_byte(position: int, kind: str) -> Spoiler:
    """One fault, at the byte with this position, counted from 0."""
    chance = random.Random(position)
    passed = 0

    def spoil(data: bytes) -> Iterator[bytes]:
        nonlocal passed
        at = position - passed
        passed += len(data)
        if not 0 <= at < len(data):
            yield data
            return
        yield data[:at]
        yield from _spoilt(kind, data[at], chance)
        yield data[at + 1 :]

    return spoil


def after_bytes(positions: Sequence[int], action: Callable[[], None], spoil: Spoiler = unspoilt) -> Spoiler:
    """`action()` each time that so many bytes have passed in all, beside what `spoil` does."""
    due = sorted(positions)
    passed = 0

    def act(data: bytes) -> Iterator[bytes]:
        nonlocal passed
        passed += len(data)
        while due and passed > due[0]:
            due.pop(0)
            action()
        yield from spoil(data)

    return act


def _gap(chance: random.Random, one_in: int) -> int:
    """Bytes before the next fault, when each has the same chance."""
    return min(int(chance.expovariate(1 / one_in)), 1 << 40)


def _spoilt(kind: str, byte: int, chance: random.Random) -> Iterator[bytes]:
    if kind == "flip":
        yield bytes((byte ^ 1 << chance.randrange(8),))
    elif kind == "insert":
        yield bytes((chance.randrange(256), byte))
    elif kind == "duplicate":
        yield bytes((byte, byte))
    elif kind == "delay":
        yield b""
        yield bytes((byte,))
    elif kind == "split":
        yield bytes((byte,))
    elif kind != "drop":
        raise ValueError(f"no fault is called {kind}")


class Proxy:
    """A TCP port whose bytes go to and from a board. url: where hosts connect, one at a time, any number in turn.

    line: the board's socket://HOST:PORT, or a connected socket. to_board, to_host: the two directions.
    """

    def __init__(self, line: str | socket.socket, to_board: Way | None = None, to_host: Way | None = None) -> None:
        self._line = _connected(line) if isinstance(line, str) else line
        self._host: socket.socket | None = None
        self._is_open = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._address = self._listener.getsockname()
        self.url = f"socket://127.0.0.1:{self._address[1]}"
        self._to_board = _Carrier(to_board or Way(), self._line.sendall)
        self._to_host = _Carrier(to_host or Way(), self._send_to_host)
        for run in (self._accept, self._listen_to_board):
            threading.Thread(target=run, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def hang_up(self) -> None:
        """The port goes away under the host, and is back at once."""
        if (host := self._host) is not None:
            with contextlib.suppress(OSError):
                host.shutdown(socket.SHUT_RDWR)

    def vanish(self, seconds: float) -> None:
        """The port goes away, and comes back after so long."""
        self._stop_listening()
        self.hang_up()

        def come_back() -> None:
            if self._is_open:
                self._listener = socket.create_server(self._address)
                threading.Thread(target=self._accept, daemon=True).start()

        timer = threading.Timer(seconds, come_back)
        timer.daemon = True
        timer.start()

    def close(self) -> None:
        """End both connections."""
        self._is_open = False
        self._stop_listening()
        self.hang_up()
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._to_board.close()
        self._to_host.close()
        self._line.close()

    def _stop_listening(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # or the thread that accepts would go on
        self._listener.close()

    def _accept(self) -> None:
        listener = self._listener
        with contextlib.suppress(OSError):
            while True:
                host, _ = listener.accept()
                host.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._host = host
                with contextlib.suppress(OSError):
                    while data := host.recv(65536):
                        self._to_board.carry(data)
                self._host = None
                host.close()

    def _listen_to_board(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._line.recv(65536):
                self._to_host.carry(data)
        self.hang_up()

    def _send_to_host(self, data: bytes) -> None:
        if (host := self._host) is not None:  # while nobody listens it is lost
            host.sendall(data)


class _Carrier:
    """Bytes in one direction, at the line's pace."""

    def __init__(self, way: Way, send: Callable[[bytes], None]) -> None:
        self._way = way
        self._send = send
        self._waiting: queue.SimpleQueue[tuple[float, bytes] | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()

    def carry(self, data: bytes) -> None:
        self._waiting.put((time.monotonic(), data))

    def close(self) -> None:
        self._waiting.put(None)

    def _run(self) -> None:
        free = 0.0  # when the line has sent what it was given
        while (arrived := self._waiting.get()) is not None:
            free = max(free, arrived[0])
            for piece in self._way.spoil(arrived[1]):
                if not piece:
                    time.sleep(_DELAY_SECONDS)
                    free = max(free, time.monotonic())
                free = self._at_pace(piece, free)

    def _at_pace(self, data: bytes, free: float) -> float:
        """Send it as the line would, which is free from then on. A machine too busy to do so in time catches up: the
        line's capacity is not to depend on it."""
        rate = self._way.baud
        step = max(1, int(rate / _BITS_PER_BYTE * _PIECE_SECONDS)) if rate else max(len(data), 1)
        for at in range(0, len(data), step):
            piece = data[at : at + step]
            if rate:
                free += len(piece) * _BITS_PER_BYTE / rate
                if (wait := free - time.monotonic()) > 0:
                    time.sleep(wait)
            with contextlib.suppress(OSError):
                self._send(piece)
        return free


def _connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    line = socket.create_connection((parts.hostname or "", parts.port or 0))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line
