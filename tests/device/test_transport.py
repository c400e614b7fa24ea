"""Serial over a network as RFC 2217 has it, against pyserial's own server side."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial
import serial.rfc2217
from host_board import board_on_terminal

from edgekd.device.client import connect


class _Terminal(serial.Serial):
    """A pseudo-terminal has no modem lines: they read as off, and setting them does nothing."""

    cts = dsr = ri = cd = False
    rts = dtr = property(lambda self: False, lambda self, on: None)


class _Connection:
    """What a PortManager wants of a connection."""

    def __init__(self, host: socket.socket) -> None:
        self.write = host.sendall


@contextmanager
def rfc2217_server(path: str) -> Iterator[str]:
    """The serial port at `path` on the network: the URL it is reached at."""
    port = _Terminal(path, timeout=0.02)

    def serve() -> None:
        host, _ = listener.accept()
        manager = serial.rfc2217.PortManager(port, _Connection(host))

        def to_host() -> None:
            with contextlib.suppress(OSError, TypeError):  # the port is closed at the end
                while True:
                    if data := port.read(port.in_waiting or 1):
                        host.sendall(b"".join(manager.escape(data)))

        threading.Thread(target=to_host, daemon=True).start()
        with contextlib.suppress(OSError):
            while data := host.recv(4096):
                port.write(b"".join(manager.filter(data)))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"rfc2217://127.0.0.1:{listener.getsockname()[1]}"
    port.close()


@pytest.mark.cc
@pytest.mark.filterwarnings("ignore::DeprecationWarning:serial.rfc2217")
def test_a_board_answers_over_rfc_2217(toy_board: Path) -> None:
    with board_on_terminal(toy_board) as path, rfc2217_server(path) as url, connect(url, baud=57_600) as device:
        inputs = [bytes(range(255, 155, -1)), b"\xff\0\x01"]  # 255 is what the protocol has to escape
        expected = bytes((value + inputs[1][i % 3]) % 256 for i, value in enumerate(inputs[0]))
        assert device.infer(inputs).outputs[0] == expected
