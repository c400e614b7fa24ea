"""MLPerf Tiny's protocol on an emulated board, driven over a pseudo-terminal as its runner would a serial port."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from mlperf_board import keyword_model

from edgekd.convert import tflm
from edgekd.device.emulator import Emulator
from edgekd.device.mlperf import MlperfDevice, connect_mlperf, throughput, top_1
from edgekd.errors import DeviceError
from edgekd.firmware import deploy_cached
from edgekd.firmware.board import load_board
from edgekd.firmware.mlperf import BENCHMARKS

pytestmark = pytest.mark.emulated
BOARD = "mps2-an386"


@contextlib.contextmanager
def terminal_to(url: str) -> Iterator[str]:
    """The path of a pseudo-terminal that leads to a TCP port."""
    host, port = url.removeprefix("socket://").split(":")
    master, slave = os.openpty()
    tty.setraw(slave)
    with socket.create_connection((host, int(port))) as board:

        def up() -> None:
            with contextlib.suppress(OSError):
                while data := os.read(master, 4096):
                    board.sendall(data)

        def down() -> None:
            with contextlib.suppress(OSError):
                while data := board.recv(4096):
                    os.write(master, data)

        threads = [threading.Thread(target=target, daemon=True) for target in (up, down)]
        for thread in threads:
            thread.start()
        try:
            yield os.ttyname(slave)
        finally:
            board.shutdown(socket.SHUT_RDWR)
            os.close(slave)
            for thread in threads:
                thread.join(5)
            os.close(master)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "keywords.tflite"
    path.write_bytes(keyword_model())
    return path


@pytest.fixture(scope="module")
def dut(model: Path) -> Iterator[MlperfDevice]:
    board = load_board(BOARD)
    deployment = deploy_cached(model, board, benchmark=BENCHMARKS["kws01"])
    with (
        Emulator(board, deployment.elf) as emulator,
        terminal_to(emulator.url) as path,
        connect_mlperf(path) as device,
    ):
        yield device


def test_200_samples_have_the_class_that_tensorflow_lite_micro_gives_them(dut: MlperfDevice, model: Path) -> None:
    x = np.random.default_rng(11).integers(-128, 128, (200, 1, 49, 10, 1), dtype=np.int8)
    expected = tflm.run_batch(model, x).reshape(200, 12).argmax(axis=1)
    assert len(set(expected)) > 3
    assert (dut.name, dut.benchmark) == (BOARD, "kws01")
    assert top_1(dut, [sample.tobytes() for sample in x]) == expected.tolist()


def test_time_is_proportional_to_the_number_of_inferences(dut: MlperfDevice) -> None:
    samples = [np.random.default_rng(seed).integers(0, 256, 490, np.uint8).tobytes() for seed in range(3)]
    few, many = (throughput(dut, samples, count, warmups=1) for count in (5, 50))
    assert many == pytest.approx(few, rel=0.01)


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("db 0", "odd number of hex digits"),
        ("db zz", "not a hex digit"),
        ("db " + "00" * 32, "more bytes than db load announced"),
    ],
)
def test_a_spoiled_load_fails_loudly(command: str, error: str, dut: MlperfDevice) -> None:
    dut.command("db load 20")
    with pytest.raises(DeviceError, match=error):
        dut.command(command)
    requires_a_new_load(dut)


def test_a_load_with_bytes_missing_fails_loudly(dut: MlperfDevice) -> None:
    dut.load(bytes(490))
    dut.infer()
    dut.command("db load 490")
    dut.command("db " + "00" * 19)
    requires_a_new_load(dut)


def requires_a_new_load(dut: MlperfDevice) -> None:
    with pytest.raises(DeviceError, match=r"\d+ of 490 input bytes are loaded"):
        dut.infer()
    with pytest.raises(DeviceError, match="no results"):
        dut.results()
    dut.load(bytes(490))
    assert len(dut.infer().results) == 12
