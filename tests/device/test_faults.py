"""A fault at every byte of an exchange, storms of them, ports that go away: each result is that of its sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from host_board import board_on_tcp, build_board

from edgekd.device.client import connect
from edgekd.device.proxy import KINDS, Spoiler, after_bytes, at_byte, at_random, unspoilt
from edgekd.errors import DeviceError

pytestmark = pytest.mark.cc

SAMPLES = [[bytes([n + 1]) * 97, bytes((n, 2, 3))] for n in range(2)]
EXPECTED = [bytes((value + b[i % 3]) % 256 for i, value in enumerate(a)) for a, b in SAMPLES]
FAULTS = [kind for kind in KINDS if kind not in ("delay", "split")]  # those two lose nothing


@pytest.fixture(scope="module")
def small_board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames of 64 bytes: a sample takes three. Without sanitizers, for it is started a thousand times."""
    out = tmp_path_factory.mktemp("board") / "small"
    return build_board(out, "TOY_BYTES=97u", "EDGEKD_FRAME_BYTES=64u", "STACK_BYTES=8192u", sanitize=False)


def outputs_over(board: Path, to_board: Spoiler = unspoilt, to_host: Spoiler = unspoilt) -> list[bytes]:
    with board_on_tcp(board, to_board, to_host) as (_, url), connect(url) as device:
        return [result.outputs[0] for result in device.stream(SAMPLES, timeout=20)]


def bytes_of_an_exchange(board: Path) -> tuple[int, int]:
    """To the board and back, of greeting and samples."""
    with board_on_tcp(board) as (_, url), connect(url) as device:
        assert [result.outputs[0] for result in device.stream(SAMPLES)] == EXPECTED
        return device.link.bytes_sent, device.link.bytes_received


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("direction", ["to the board", "to the host"])
def test_a_fault_at_any_byte_costs_no_sample_its_answer(
    direction: str, kind: str, small_board: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waits are short here: it is not time that is tested."""
    monkeypatch.setattr("edgekd.device.link._GREETING_WAIT", 0.02)
    monkeypatch.setattr("edgekd.device.exchange._FIRST_INFERENCE_WAIT", 0.03)
    monkeypatch.setattr("edgekd.device.exchange._LEAST_WAIT", 0.03)
    monkeypatch.setattr("edgekd.device.exchange.FIRST_WAIT", 0.03)
    sent, received = bytes_of_an_exchange(small_board)
    length = sent if direction == "to the board" else received
    for position in range(length):
        spoilt = at_byte(position, kind)
        ways = (spoilt, unspoilt) if direction == "to the board" else (unspoilt, spoilt)
        assert outputs_over(small_board, *ways) == EXPECTED, f"{kind} at byte {position}"


def test_a_restart_at_any_byte_costs_no_sample_its_answer(small_board: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgekd.device.exchange._FIRST_INFERENCE_WAIT", 0.05)
    monkeypatch.setattr("edgekd.device.exchange.FIRST_WAIT", 0.05)
    monkeypatch.setattr("edgekd.device.link._GREETING_WAIT", 0.05)
    sent, _ = bytes_of_an_exchange(small_board)
    restarts = 0
    greeting = 32  # before its answer the program may not have begun
    for position in range(greeting, sent, 3):
        press: list[Callable[[], None]] = []
        restart = after_bytes([position], lambda press=press: press[0]())  # type: ignore[misc]
        with board_on_tcp(small_board, restart) as (board, url):
            press.append(board.restart)
            with connect(url) as device:
                assert [result.outputs[0] for result in device.stream(SAMPLES, timeout=20)] == EXPECTED
                restarts += device.link.restarts
    assert restarts > 10


@pytest.mark.parametrize("seed", range(3))
def test_a_storm_of_all_faults_and_restarts_changes_no_answer(seed: int, toy_board: Path) -> None:
    samples = [[bytes([n % 100]) + bytes(range(n, n + 99)), bytes((n, 7, 9))] for n in range(100)]
    expected = [bytes((value + b[i % 3]) % 256 for i, value in enumerate(a)) for a, b in samples]
    storm = after_bytes([3000, 9000], lambda: board.restart(), at_random(KINDS, 700, seed))
    with board_on_tcp(toy_board, storm, at_random(KINDS, 700, seed + 100)) as (board, url), connect(url) as device:
        assert [result.outputs[0] for result in device.stream(samples)] == expected
        assert device.link.damaged > 0 and device.link.restarts >= 1


def test_a_port_that_is_gone_for_a_while_costs_no_sample_its_answer(toy_board: Path) -> None:
    vanish = after_bytes([2000], lambda: board.proxy.vanish(0.3))
    samples = [[bytes(100), bytes((n, 0, 0))] for n in range(40)]
    with board_on_tcp(toy_board, vanish) as (board, url), connect(url) as device:
        results = list(device.stream(samples))
        assert [result.outputs[0][0] for result in results] == list(range(40))
        assert int.from_bytes(results[-1].outputs[1], "little") == 40  # the board ran each once
        assert (device.link.reopened, device.link.restarts) == (1, 0)


def test_a_port_that_stays_away_is_an_error_with_its_name(toy_board: Path) -> None:
    vanish = after_bytes([1000], lambda: board.proxy.vanish(60))
    with (
        board_on_tcp(toy_board, vanish) as (board, url),
        connect(url, timeout=0.5) as device,
        pytest.raises(DeviceError, match=r"closed the connection|failed while"),
    ):
        list(device.stream([[bytes(100), bytes(3)]] * 40))
