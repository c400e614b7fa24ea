"""The rates of the profile and of --baud, on an emulated board behind a serial line that garbles what is too fast."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import termios
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgekd import paths
from edgekd.device.emulator import Emulator
from edgekd.firmware import deploy_cached
from edgekd.firmware.board import load_board

pytestmark = pytest.mark.emulated

BOARD = "mps2-an386"
FASTEST = 460_800  # of the line


@contextlib.contextmanager
def serial_line(url: str) -> Iterator[str]:
    """A pseudo-terminal to the board at socket://HOST:PORT, whose bytes other than zero arrive as others while the
    host's end runs faster than FASTEST."""
    host, host_end = os.openpty()
    tty.setraw(host_end)
    board = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))

    def passed(data: bytes) -> bytes:
        if termios.tcgetattr(host_end)[4] <= getattr(termios, f"B{FASTEST}"):
            return data
        return bytes(byte and (byte * 167 + 13) % 255 + 1 for byte in data)

    def to_board() -> None:
        with contextlib.suppress(OSError):
            while data := os.read(host, 4096):
                board.sendall(passed(data))

    def to_host() -> None:
        with contextlib.suppress(OSError):
            while data := board.recv(4096):
                os.write(host, passed(data))

    for carry in (to_board, to_host):
        threading.Thread(target=carry, daemon=True).start()
    try:
        yield os.ttyname(host_end)
    finally:
        board.shutdown(socket.SHUT_RDWR)
        board.close()
        os.close(host_end)
        os.close(host)


@pytest.fixture
def port(edgekd_model: Path) -> Iterator[str]:
    board = load_board(BOARD)
    with Emulator(board, deploy_cached(edgekd_model, board).elf) as emulator, serial_line(emulator.url) as path:
        yield path


def profile(folder: Path, max_baud: int) -> Path:
    """The board's, with a highest rate."""
    facts = (paths.shipped("boards") / f"{BOARD}.toml").read_text()
    path = folder / f"{BOARD}.toml"
    path.write_text(facts.replace("[serial]\n", f"[serial]\nmax_baud = {max_baud}\n"))
    return path


def edgekd(*arguments: Path | str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from edgekd.cli import main; main()", *map(str, arguments), "--json"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "data.npz"
    np.savez(path, x_test=np.zeros((3, 8, 8, 3), np.int8), y_test=[0, 1, 2])
    return path


@pytest.mark.parametrize(("max_baud", "rates", "refused"), [(FASTEST, [FASTEST], []), (921_600, [115_200], [921_600])])
def test_the_highest_rate_of_the_profile_is_tried_and_told(
    edgekd_model: Path, data: Path, port: str, tmp_path: Path, max_baud: int, rates: list[int], refused: list[int]
) -> None:
    board = profile(tmp_path, max_baud)
    done = edgekd("eval", edgekd_model, "--board", board, "--data", data, "--port", port)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["link"]["baud"], result["link"]["baud_refused"]) == (rates, refused)
    assert result["bit_exact"]["equal"] == 3


def test_a_rate_by_hand_wins_over_the_profile_or_is_an_error(
    edgekd_model: Path, data: Path, port: str, tmp_path: Path
) -> None:
    command = ["eval", edgekd_model, "--board", profile(tmp_path, FASTEST), "--data", data, "--port", port, "--baud"]
    done = edgekd(*command, "230400")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["link"]["baud"] == [230_400]
    refused = edgekd(*command, "921600")
    assert refused.returncode == 2 and refused.stdout == ""
    assert "does not run at 921600 baud" in refused.stderr


def test_bench_takes_a_rate_and_an_emulated_board_has_none_to_set(edgekd_model: Path) -> None:
    refused = edgekd("bench", edgekd_model, "--board", BOARD, "--baud", "230400")
    assert refused.returncode == 2 and "230400 baud: an emulated board" in refused.stderr
