"""Baud rates, the board's log, and results that the board pushes."""

from __future__ import annotations

import logging
from itertools import islice
from pathlib import Path

import pytest
from host_board import HOST, board_on_tcp, board_on_terminal, board_with_baud, build_board

from edgekd.device.client import connect
from edgekd.device.proxy import at_random
from edgekd.errors import DeviceError, InputError

pytestmark = pytest.mark.cc

SAMPLE = [b"\1" * 100, b"\2\3\4"]
LOGS = 123  # first byte of the toy engine's first input


def test_a_rate_that_works_is_kept(toy_board: Path) -> None:
    with board_with_baud(toy_board, fastest=921_600) as path, connect(path) as device:
        assert device.info.can_change_baud
        expected = device.infer(SAMPLE)
        assert device.baud == 115_200
        assert device.raise_baud(921_600)
        assert device.baud == 921_600
        assert device.infer(SAMPLE).outputs[0] == expected.outputs[0]
        assert device.link.damaged == 0


def test_a_rate_that_the_line_does_not_carry_ends_at_the_one_of_before(toy_board: Path) -> None:
    with board_with_baud(toy_board, fastest=460_800) as path, connect(path) as device:
        assert not device.raise_baud(921_600)
        expected = device.infer(SAMPLE)
        assert device.raise_baud(460_800)
        assert device.infer(SAMPLE).outputs[0] == expected.outputs[0]


def test_the_rate_is_raised_again_after_a_restart(toy_board: Path) -> None:
    with board_with_baud(toy_board, fastest=921_600) as path, connect(path) as device:
        device.raise_baud(921_600)
        nonce = device.info.boot_nonce
        device.reset()
        assert device.info.boot_nonce != nonce
        assert device._link.baud == 921_600
        assert device.raise_baud(230_400)
        assert len(list(device.stream([SAMPLE] * 5))) == 5


def test_who_closes_the_port_leaves_the_rate_as_it_was(toy_board: Path) -> None:
    with board_with_baud(toy_board, fastest=921_600) as path:
        with connect(path) as device:
            assert device.raise_baud(921_600)
        with connect(path, timeout=2.0) as device:
            device.infer(SAMPLE)


def test_a_board_left_at_a_raised_rate_comes_back_by_itself(toy_board: Path) -> None:
    with board_with_baud(toy_board, fastest=921_600) as path:
        device = connect(path)
        assert device.raise_baud(921_600)
        device._link._transport.close()  # as when the host's program dies
        with connect(path) as device:
            device.infer(SAMPLE)


def test_a_way_or_board_with_one_rate_says_so(toy_board: Path) -> None:
    with board_on_tcp(toy_board) as (_, url), connect(url) as device:
        assert not device.info.can_change_baud and device.baud is None
        assert not device.raise_baud(921_600)
    with board_on_terminal(toy_board) as path, connect(path) as device:
        assert device.info.can_change_baud
        assert not device.raise_baud(12_345_678)


def test_lines_of_the_board_s_log_come_beside_the_results(toy_board: Path) -> None:
    lines: list[str] = []
    with board_on_tcp(toy_board) as (_, url), connect(url, on_log=lines.append) as device:
        logging_sample = [bytes([LOGS]) + bytes(99), bytes(3)]
        results = list(device.stream([SAMPLE, logging_sample, SAMPLE, logging_sample]))
        assert [result.index for result in results] == [0, 1, 2, 3]
        assert lines == ["the toy engine says ä"] * 2
        assert device.link.log_lines_lost == 0


def test_without_a_listener_the_log_is_python_s(toy_board: Path, caplog: pytest.LogCaptureFixture) -> None:
    with board_on_tcp(toy_board) as (_, url), connect(url) as device, caplog.at_level(logging.INFO, "edgekd.board"):
        device.infer([bytes([LOGS]) + bytes(99), bytes(3)])
    assert caplog.messages == ["the toy engine says ä"]


def test_lost_lines_of_the_log_are_counted_and_cost_no_result(toy_board: Path) -> None:
    lines: list[str] = []
    spoilt = at_random(["flip"], 400, seed=5)
    with board_on_tcp(toy_board, to_host=spoilt) as (_, url), connect(url, on_log=lines.append) as device:
        samples = [[bytes([LOGS]) + bytes(99), bytes((n, 0, 0))] for n in range(100)]
        results = list(device.stream(samples))
        assert [result.outputs[0][3] for result in results] == list(range(100))
        assert 0 < device.link.log_lines_lost <= 100 - len(lines)


@pytest.fixture(scope="module", params=[256, 64])
def board_with_source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results in one frame, and in three."""
    out = tmp_path_factory.mktemp("board") / "source"
    engine = (HOST / "toy_engine.c", HOST / "toy_source.c")
    return build_board(out, f"EDGEKD_FRAME_BYTES={request.param}u", engine=engine)


def test_a_board_pushes_results_of_its_own_samples(board_with_source: Path) -> None:
    with board_on_tcp(board_with_source) as (_, url), connect(url) as device:
        assert device.info.has_source
        watched = list(islice(device.watch(), 20))
        assert [result.index for result in watched] == list(range(20))
        assert [result.outputs[0] for result in watched] == [bytes([n]) * 100 for n in range(20)]
        answer = device.infer(SAMPLE)  # and serves the host again
        assert answer.outputs[0][:3] == b"\3\4\5"
        assert device.link.pushes_lost == 0


def test_pushed_results_that_are_lost_leave_a_hole_that_is_counted(board_with_source: Path) -> None:
    spoilt = at_random(["drop"], 1000, seed=2)
    with board_on_tcp(board_with_source, to_host=spoilt) as (_, url), connect(url) as device:
        watched = list(islice(device.watch(), 100))
        for result in watched:
            assert result.outputs[0] == bytes([result.index % 100]) * 100
        lost = watched[-1].index - watched[0].index + 1 - len(watched)
        assert 0 < lost <= device.link.pushes_lost  # of some more, which came with the last


def test_a_board_without_samples_of_its_own_says_so(toy_board: Path) -> None:
    with (
        board_on_tcp(toy_board) as (_, url),
        connect(url) as device,
        pytest.raises(DeviceError, match="no samples of its own"),
    ):
        next(device.watch())


def test_watching_and_streaming_exclude_each_other(board_with_source: Path) -> None:
    with board_on_tcp(board_with_source) as (_, url), connect(url) as device:
        stream = device.stream([SAMPLE] * 3)
        next(stream)
        with pytest.raises(InputError, match="streaming already"):
            next(device.watch())
        stream.close()
