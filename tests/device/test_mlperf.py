"""The client of MLPerf Tiny's protocol against the real server, built for this machine."""

from __future__ import annotations

import random
import socket
import threading
from pathlib import Path

import numpy as np
import pytest
from host_board import board_on_tcp, board_on_terminal
from mlperf_board import build_mlperf_board, keyword_model

from edgekd.device.mlperf import connect_mlperf, throughput, top_1
from edgekd.device.proxy import at_random
from edgekd.errors import DeviceError

pytestmark = pytest.mark.cc


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_mlperf_board(tmp_path_factory.mktemp("mlperf") / "kws", "kws01", keyword_model())


def sample(seed: int) -> bytes:
    """The toy engine answers with its first twelve bytes; they differ, and none asks for trouble."""
    first = random.Random(seed).sample(range(-128, 128, 2), 12)
    return np.array(first + [seed % 100] * 478, np.int8).tobytes()


def test_a_terminal_carries_a_whole_session(program: Path) -> None:
    with board_on_terminal(program) as path, connect_mlperf(path) as dut:
        assert (dut.name, dut.benchmark) == ("host", "kws01")
        samples = [sample(seed) for seed in range(5)]
        assert top_1(dut, samples) == [int(np.frombuffer(x, np.int8)[:12].argmax()) for x in samples]
        assert dut.loaded() == samples[-1]
        answer = dut.infer(count=3, warmups=1)
        assert (answer.count, answer.microseconds, answer.results) == (3, 4, dut.results())
        assert throughput(dut, samples, count=3, warmups=0) == pytest.approx(3e6 / 4)
        before = dut.timestamp()
        assert dut.timestamp() > before


def test_errors_of_the_board_are_raised_with_their_words(program: Path) -> None:
    with board_on_tcp(program) as (_, url), connect_mlperf(url) as dut:
        with pytest.raises(DeviceError, match="0 of 490 input bytes are loaded"):
            dut.infer()
        dut.load(bytes(100))
        with pytest.raises(DeviceError, match="100 of 490 input bytes are loaded"):
            dut.infer()
        with pytest.raises(DeviceError, match="more bytes than the input has"):
            dut.load(bytes(491))
        with pytest.raises(DeviceError, match="Unknown command: setup"):
            dut.command("setup")
        with pytest.raises(ValueError, match="not a command"):
            dut.command("x" * 81)
        dut.load(sample(1))
        assert len(dut.infer().results) == 12


@pytest.mark.parametrize("kind", ["drop", "duplicate"])
def test_bytes_lost_or_doubled_on_the_way_end_in_an_error_and_never_in_a_wrong_result(kind: str, program: Path) -> None:
    right = wrong = failed = 0
    for seed in range(30):
        with board_on_tcp(program, to_board=at_random([kind], one_in=2000, seed=seed)) as (_, url):
            try:
                with connect_mlperf(url, timeout=1.5) as dut:
                    dut.load(sample(seed))
                    results = dut.infer(timeout=1.5).results
            except DeviceError:
                failed += 1
                continue
        expected = [float(f"{(value + 128) / 256:.3f}") for value in np.frombuffer(sample(seed), np.int8)[:12]]
        right, wrong = (right + 1, wrong) if list(results) == expected else (right, wrong + 1)
    assert wrong == 0
    assert right >= 5 and failed >= 5


def test_something_else_at_the_port_is_said_to_be_that() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with server.accept()[0] as connection:
                while connection.recv(100):
                    connection.sendall(b"login: \r\n")

        threading.Thread(target=answer, daemon=True).start()
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(DeviceError, match=r"nothing here speaks MLPerf Tiny's protocol; it said .*login"):
            connect_mlperf(url, timeout=0.5)
