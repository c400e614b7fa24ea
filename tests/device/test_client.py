"""The client against the real firmware, built for this machine."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from host_board import HostBoard, board_on_tcp, board_on_terminal, build_board

from edgekd.device import framing, protocol
from edgekd.device.client import Device, Inference, connect
from edgekd.device.link import Link
from edgekd.device.protocol import Kind
from edgekd.device.proxy import after_bytes, at_random
from edgekd.errors import DeviceError, InputError

pytestmark = pytest.mark.cc

RESTARTS, FAILS, NEEDS_STACK = 126, 125, 124  # first byte of the toy engine's first input


def toy_inputs(device: Device, seed: int, first: int | None = None) -> list[bytes]:
    """Random inputs that ask the toy engine for nothing but `first`."""
    chance = random.Random(seed)
    a, b = (bytearray(chance.randbytes(size)) for size in device.info.input_bytes)
    a[0] = first if first is not None else chance.randrange(100)
    return [bytes(a), bytes(b)]


def expected_values(inputs: list[bytes]) -> bytes:
    a, b = inputs
    return bytes((value + b[i % len(b)]) % 256 for i, value in enumerate(a))


def count_of(inference: Inference) -> int:
    return int.from_bytes(inference.outputs[1], "little")


def test_a_board_says_what_it_is(toy_board: Path) -> None:
    with board_on_tcp(toy_board) as (_, url), connect(url) as device:
        info = device.info
    assert (info.engine, info.build_id, info.model_sha256) == ("toy", "host-build", "abcd" + "00" * 30)
    assert (info.input_bytes, info.output_bytes, info.arena_bytes) == ((100, 3), (100, 4), 207)
    assert (info.frame_bytes, info.receive_bytes, info.results, info.setup_code) == (256, 1023, 4, 0)
    assert (info.can_change_baud, info.has_source) == (False, False)


@pytest.mark.parametrize("board", ["toy_board", "large_toy_board"])
def test_each_inference_gets_its_own_answer(board: str, request: pytest.FixtureRequest) -> None:
    with board_on_tcp(request.getfixturevalue(board)) as (_, url), connect(url) as device:
        for number in range(20):
            inputs = toy_inputs(device, number)
            answer = device.infer(inputs)
            assert answer.outputs[0] == expected_values(inputs)
            assert count_of(answer) == number + 1
            assert answer.ticks == 7  # what the host's counter moves between two readings


def test_one_frame_is_one_inference_when_the_tensors_fit(toy_board: Path) -> None:
    with board_on_tcp(toy_board) as (_, url), connect(url) as device:
        inputs = toy_inputs(device, 0)
        before = device.link.bytes_sent
        device.infer(inputs)
        assert (
            device.link.bytes_sent - before <= sum(map(len, inputs)) + protocol.OVERHEAD + 10 + 4
        )  # numbers, digest; stuffing


@pytest.mark.parametrize("board", ["toy_board", "large_toy_board"])
@pytest.mark.parametrize("kind", ["drop", "flip", "duplicate", "insert"])
def test_a_bad_link_costs_time_but_neither_an_answer_nor_a_second_inference(
    kind: str, board: str, request: pytest.FixtureRequest
) -> None:
    program = request.getfixturevalue(board)
    spoilers = at_random([kind], 2000, seed=1), at_random([kind], 2000, seed=2)
    inferences = 60 if board == "toy_board" else 8
    with board_on_tcp(program, *spoilers) as (_, url), connect(url) as device:
        for number in range(inferences):
            inputs = toy_inputs(device, number)
            answer = device.infer(inputs)
            assert answer.outputs[0] == expected_values(inputs)
            assert count_of(answer) == number + 1
        assert device.link.retries > 0
        assert device.link.restarts == 0


def test_a_restart_in_the_middle_costs_no_sample_its_answer(large_toy_board: Path) -> None:
    """The reset button is pressed when so many bytes have gone to the board: within tensors, the second time twice."""
    presses = after_bytes([4_000, 15_000, 15_100], lambda: board.restart())
    with board_on_tcp(large_toy_board, presses) as (board, url), connect(url) as device:
        samples = [toy_inputs(device, number) for number in range(12)]
        answers = [device.infer(inputs) for inputs in samples]
        restarts = device.link.restarts
    assert [answer.outputs[0] for answer in answers] == [expected_values(inputs) for inputs in samples]
    assert 2 <= restarts <= 3  # two presses in a row may be one restart


def test_a_restart_is_told_apart_from_a_new_session(toy_board: Path) -> None:
    with board_on_tcp(toy_board) as (_, url):
        with connect(url) as device:
            first = device.info.boot_nonce
            device.infer(toy_inputs(device, 0))
        with connect(url) as device:
            assert device.info.boot_nonce == first
            assert count_of(device.infer(toy_inputs(device, 0))) == 2
            device.reset()
            assert device.info.boot_nonce != first
            assert count_of(device.infer(toy_inputs(device, 0))) == 1
            assert device.link.restarts == 0  # it was asked for


def test_a_board_that_always_restarts_is_given_up(toy_board: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgekd.device.exchange._FIRST_INFERENCE_WAIT", 0.1)
    with (
        board_on_tcp(toy_board) as (_, url),
        connect(url) as device,
        pytest.raises(DeviceError, match="restarted 3 times"),
    ):
        device.infer(toy_inputs(device, 0, RESTARTS))


def test_an_engine_that_fails_is_named_with_its_code(toy_board: Path) -> None:
    with board_on_tcp(toy_board) as (_, url), connect(url) as device:
        with pytest.raises(DeviceError, match=r"engine failed on the board \(code -3\)"):
            device.infer(toy_inputs(device, 0, FAILS))
        assert count_of(device.infer(toy_inputs(device, 1))) == 1


def test_an_engine_whose_setup_failed_runs_nothing(tmp_path: Path) -> None:
    program = build_board(tmp_path / "toy", "TOY_SETUP_FAILS")
    with board_on_tcp(program) as (_, url), connect(url) as device:
        assert device.info.setup_code == -5
        with pytest.raises(DeviceError, match=r"setup failed \(code -5\)"):
            device.infer(toy_inputs(device, 0))


def test_stack_is_measured_for_all_and_for_an_inference(toy_board: Path) -> None:
    with board_on_tcp(toy_board) as (_, url), connect(url) as device:
        device.infer(toy_inputs(device, 0))
        before = device.stats()
        device.infer(toy_inputs(device, 0, NEEDS_STACK))
        after = device.stats()
    assert before.stack_inference < 9000 <= after.stack_inference < 12000
    assert before.stack_used < after.stack_used <= after.stack_bytes == 65536
    assert after.stack_used >= after.stack_inference


def test_frames_too_long_for_the_board_are_counted_and_skipped(toy_board: Path) -> None:
    board = HostBoard(toy_board)
    board.end.settimeout(5)
    deframer = framing.Deframer()

    def next_frame() -> bytes:
        while not (frames := deframer.feed(board.end.recv(4096))):
            pass
        assert len(frames) == 1 and frames[0] is not None
        return frames[0]

    board.end.sendall(framing.encode(bytes(range(1, 251)) * 20))
    notice = protocol.parse_frame(next_frame())
    assert notice is not None and (notice.kind, notice.status) == (Kind.NOTICE, protocol.Status.TOO_LONG)
    board.end.sendall(framing.encode(protocol.hello(1)))
    assert protocol.parse_hello(next_frame()[8:]).engine == "toy"
    board.end.shutdown(socket.SHUT_RDWR)
    board.close()


def test_a_pseudo_terminal_is_a_serial_port(toy_board: Path) -> None:
    with board_on_terminal(toy_board) as path, connect(path, baud=1_000_000) as device:
        inputs = toy_inputs(device, 0)
        assert device.infer(inputs).outputs[0] == expected_values(inputs)


def test_inputs_of_the_wrong_size_are_refused_before_anything_is_sent(toy_board: Path) -> None:
    with board_on_tcp(toy_board) as (_, url), connect(url) as device:
        sent = device.link.bytes_sent
        with pytest.raises(InputError, match=r"takes inputs of \[100, 3\] bytes, not \[99, 3\]"):
            device.infer([bytes(99), bytes(3)])
        assert device.link.bytes_sent == sent


@pytest.mark.parametrize("board", ["toy_board", "large_toy_board"])
def test_a_stream_gives_each_sample_its_result_in_order(board: str, request: pytest.FixtureRequest) -> None:
    with board_on_tcp(request.getfixturevalue(board)) as (_, url), connect(url) as device:
        samples = [toy_inputs(device, number) for number in range(50)]
        results = list(device.stream(samples))
        assert [result.index for result in results] == list(range(50))
        assert [result.outputs[0] for result in results] == [expected_values(inputs) for inputs in samples]
        assert [count_of(result) for result in results] == list(range(1, 51))
        assert device.link.damaged == 0


def test_a_stream_takes_samples_only_a_few_ahead_of_the_results(toy_board: Path) -> None:
    with board_on_tcp(toy_board) as (_, url), connect(url) as device:
        taken = 0

        def samples() -> Iterator[list[bytes]]:
            nonlocal taken
            for number in range(30):
                taken += 1
                yield toy_inputs(device, number)

        for result in device.stream(samples()):
            assert result.index < taken <= result.index + 1 + device.info.results


@pytest.mark.parametrize("kind", ["drop", "flip", "duplicate", "insert"])
def test_a_stream_over_a_bad_link_runs_each_sample_once(kind: str, toy_board: Path) -> None:
    spoilers = at_random([kind], 500, seed=3), at_random([kind], 500, seed=4)
    with board_on_tcp(toy_board, *spoilers) as (_, url), connect(url) as device:
        samples = [toy_inputs(device, number) for number in range(150)]
        results = list(device.stream(samples))
        assert [result.outputs[0] for result in results] == [expected_values(inputs) for inputs in samples]
        assert [count_of(result) for result in results] == list(range(1, 151))
        assert device.link.retries > 0 and device.link.damaged > 0


def test_a_stream_goes_on_after_restarts_and_loses_no_sample(toy_board: Path) -> None:
    with board_on_tcp(toy_board) as (board, url), connect(url) as device:
        samples = [toy_inputs(device, number) for number in range(60)]
        results = []
        for result in device.stream(iter(samples)):
            results.append(result)
            if result.index in (10, 30):
                board.restart()
        assert [result.index for result in results] == list(range(60))
        assert [result.outputs[0] for result in results] == [expected_values(inputs) for inputs in samples]
        assert device.link.restarts == 2


def test_a_restart_is_an_error_where_samples_build_on_each_other(toy_board: Path) -> None:
    with board_on_tcp(toy_board) as (board, url), connect(url) as device:
        stream = device.stream((toy_inputs(device, number) for number in range(60)), stateful=True)
        assert next(stream).index == 0
        board.restart()
        with pytest.raises(DeviceError, match="lost the state of the model"):
            list(stream)
        assert count_of(device.infer(toy_inputs(device, 0))) == 1


def test_a_stream_left_in_the_middle_leaves_nothing_behind(toy_board: Path) -> None:
    with board_on_tcp(toy_board) as (_, url), connect(url) as device:
        stream = device.stream(toy_inputs(device, number) for number in range(60))
        next(stream)
        with pytest.raises(InputError, match="streaming already"):
            device.infer(toy_inputs(device, 0))
        stream.close()
        inputs = toy_inputs(device, 99)
        assert device.infer(inputs).outputs[0] == expected_values(inputs)
        assert device.link.restarts == 0


def test_figures_can_be_asked_for_in_the_middle_of_a_stream(toy_board: Path) -> None:
    with board_on_tcp(toy_board) as (_, url), connect(url) as device:
        samples = [toy_inputs(device, number) for number in range(20)]
        results = []
        for result in device.stream(samples):
            assert device.stats().damaged_frames == 0
            results.append(result.outputs[0])
        assert results == [expected_values(inputs) for inputs in samples]


def test_a_port_that_goes_away_and_comes_back_costs_no_sample_its_answer(toy_board: Path) -> None:
    with board_on_tcp(toy_board) as (board, url), connect(url) as device:
        samples = [toy_inputs(device, number) for number in range(40)]
        results = []
        for result in device.stream(samples):
            results.append(result)
            if result.index == 10:
                board.proxy.hang_up()
        assert [result.outputs[0] for result in results] == [expected_values(inputs) for inputs in samples]
        assert [count_of(result) for result in results] == list(range(1, 41))  # the board ran on
        assert (device.link.reopened, device.link.restarts) == (1, 0)


@contextmanager
def other_end(*said: bytes) -> Iterator[str]:
    """Something that is no board: says one of `said` to each thing it hears, then nothing."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            for text in said:
                if connection.recv(4096):
                    connection.sendall(text)
            while connection.recv(4096):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"socket://127.0.0.1:{listener.getsockname()[1]}"


def test_a_silent_port_is_reported_with_what_to_try() -> None:
    with other_end() as url, pytest.raises(DeviceError) as caught:
        connect(url, timeout=1.0)
    assert "greeting: no answer from the board within 1 s" in str(caught.value)
    assert "not a single byte came" in str(caught.value)
    assert "edgekd deploy" in str(caught.value)


def test_bytes_that_are_no_frames_point_to_the_baud_rate() -> None:
    with other_end(b"\xf0\x00\x80garbage\x00") as url, pytest.raises(DeviceError) as caught:
        connect(url, baud=9600, timeout=1.0)
    assert "11 bytes came, 2 damaged frames among them" in str(caught.value)
    assert "baud rate may be wrong (here 9600)" in str(caught.value)


@pytest.mark.parametrize("version", [1, 3])
def test_another_version_of_the_protocol_is_named(version: int) -> None:
    class Other:
        has_rate = False

        def __init__(self) -> None:
            self._answer = b""

        def read(self, seconds: float) -> bytes:
            return self._answer

        def write(self, data: bytes) -> None:
            (body,) = framing.Deframer().feed(data)
            assert body is not None
            entropy = body[8:]
            header = bytes((Kind.HELLO | protocol.ANSWER, 0, 0, 0)) + b"\1\0\0\0"
            self._answer = framing.encode(header + entropy + bytes(8) + bytes((version, 0)) + b"whatever comes then")

        def set_baud(self, rate: int) -> bool:
            return False

        def close(self) -> None: ...

    with pytest.raises(DeviceError, match=f"speaks version {version} of the protocol, not 2") as caught:
        Device(Link(Other(), name="other", baud=115_200, timeout=1.0))
    assert "deploy the model again" in str(caught.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("/dev/there-is-none", "cannot be opened"),
        ("socket://127.0.0.1:1", "cannot be reached"),
        ("nonsense://here", "cannot be opened"),
        ("rfc2217://127.0.0.1:1", "cannot be opened"),
    ],
)
def test_a_port_that_does_not_open_is_named(url: str, says: str) -> None:
    with pytest.raises(DeviceError, match=says) as caught:
        connect(url)
    assert url in str(caught.value)


@pytest.mark.parametrize("url", ["socket://", "socket://host", "socket://host:99999", "socket://host:x"])
def test_a_socket_url_without_host_and_port_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="write socket://HOST:PORT"):
        connect(url)


def test_a_link_that_breaks_says_so(toy_board: Path) -> None:
    with board_on_tcp(toy_board) as (board, url), connect(url) as device:
        board.end.shutdown(socket.SHUT_RDWR)
        time.sleep(0.05)
        with pytest.raises(DeviceError):
            device.infer(toy_inputs(device, 0), timeout=1.0)


@pytest.mark.parametrize("prefetch", [True, False])
def test_nothing_is_sent_while_the_board_computes_unless_it_may_be(prefetch: bool, tmp_path: Path) -> None:
    """The toy engine tells the most bytes that were waiting for the board when it had computed."""
    program = build_board(tmp_path / "watching", "TOY_COUNTS_WAITING", "TOY_MICROS=20000", "EDGEKD_RESULT_BYTES=4096u")
    with board_on_tcp(program) as (_, url), connect(url) as device:
        samples = [toy_inputs(device, number) for number in range(30)]
        waiting = [count_of(result) for result in device.stream(samples, prefetch=prefetch)]
        assert max(waiting) <= device.info.receive_bytes
        assert (max(waiting) > device.info.receive_bytes // 2) == prefetch
