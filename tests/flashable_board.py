"""A board that can be flashed and is not there: what its upload command is given, an emulator behind a port runs."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from edgekd import paths
from edgekd.device.emulator import Emulator
from edgekd.firmware.board import load_board

PROFILE = "mps2-an386"  # starts from a plain binary at address 0


class FlashableBoard:
    """profile: path of its TOML. url: where it is. uploads: how often it was flashed. Empty at first."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        self.profile = folder / "bench.toml"
        self._image, self._log = folder / "image.bin", folder / "uploads"
        self._script = folder / "flash"
        self._script.write_text(f'#!/bin/sh\ncp "$1" "{self._image}"\necho "$2" >>"{self._log}"\n')
        self._script.chmod(0o755)
        facts = (paths.shipped("boards") / f"{PROFILE}.toml").read_text()
        facts = facts.replace(f'name   = "{PROFILE}"', 'name = "bench"')
        self.profile.write_text(f'{facts}\n[upload]\ncommand = ["{self._script}", "$SOURCE", "$UPLOAD_PORT"]\n')

    @property
    def uploads(self) -> int:
        return len(self._log.read_text().splitlines()) if self._log.exists() else 0

    def break_upload(self) -> None:
        """From now on the upload command says that all is well, and does nothing."""
        self._script.write_text("#!/bin/sh\n")

    def image(self) -> bytes | None:
        return self._image.read_bytes() if self._image.exists() else None


@contextlib.contextmanager
def flashable_board(folder: Path) -> Iterator[FlashableBoard]:
    """The board on a TCP port. While it is empty, whoever connects hears nothing but the end of the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        board = FlashableBoard(folder, f"socket://127.0.0.1:{listener.getsockname()[1]}")
        thread = threading.Thread(target=_serve, args=(board, listener, folder / "running.bin"), daemon=True)
        thread.start()
        yield board
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve(board: FlashableBoard, listener: socket.socket, running: Path) -> None:
    with contextlib.ExitStack() as emulator, contextlib.suppress(OSError):
        url = None
        while True:
            host, _ = listener.accept()
            with host:
                image = board.image()
                if image is not None and (url is None or image != running.read_bytes()):
                    emulator.close()
                    running.write_bytes(image)
                    url = emulator.enter_context(Emulator(load_board(PROFILE), running)).url
                if url is not None:
                    _relay(host, int(url.rpartition(":")[2]))


def _relay(host: socket.socket, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as line:
        threading.Thread(target=_carry, args=(line, host), daemon=True).start()
        _carry(host, line)
        line.shutdown(socket.SHUT_RDWR)  # closing it would wait for who reads it


def _carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
