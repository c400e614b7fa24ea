"""The server against whatever a host may send, built with the sanitizers, which end it at the first wrong access."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from host_board import HostBoard, build_board

from edgekd.device import framing, protocol
from edgekd.device.protocol import DeviceInfo, Frame, Kind, ResultMessage, Status

pytestmark = pytest.mark.cc


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_board(tmp_path_factory.mktemp("server") / "toy")


class Wire:
    """The bare serial line: bodies in, frames out. info: of the last greeting."""

    info: DeviceInfo

    def __init__(self, board: HostBoard) -> None:
        self._board = board
        self._deframer = framing.Deframer()
        self._heard: list[Frame] = []
        board.end.settimeout(5)

    def send(self, *bodies: bytes) -> None:
        self._board.end.sendall(b"".join(map(framing.encode, bodies)))

    def send_bytes(self, data: bytes) -> None:
        self._board.end.sendall(data)

    def hear(self) -> Frame:
        while not self._heard:
            for body in self._deframer.feed(self._board.end.recv(65536)):
                assert body is not None
                frame = protocol.parse_frame(body)
                assert frame is not None
                self._heard.append(frame)
        return self._heard.pop(0)

    def ask(self, body: bytes) -> Frame:
        self.send(body)
        return self.hear()

    def greet(self, entropy: int = 1) -> int:
        """The new session."""
        answer = self.ask(protocol.hello(entropy))
        assert answer.status == Status.DONE
        self.info = protocol.parse_hello(answer.payload)
        return answer.session

    def result(self, frame: Frame) -> ResultMessage:
        assert frame.kind == Kind.RESULT
        return protocol.parse_result(protocol.parse_numbered(frame.payload)[1], self.info)


@pytest.fixture
def wire(program: Path) -> Iterator[Wire]:
    board = HostBoard(program)
    yield Wire(board)
    board.end.shutdown(socket.SHUT_RDWR)
    board.close()


def infer(seq: int, session: int, *, sample: int = 0, results: int = 0, inputs: bytes = bytes(103)) -> bytes:
    """A sample in one frame. results: the number of the result frame that is expected."""
    message = protocol.sample_message(sample, [inputs])
    return protocol.request(Kind.INPUT, seq, session, protocol.numbered(results, message))


def count_of(result: ResultMessage) -> int:
    return int.from_bytes(result.outputs[1], "little")


def sync(number: int, session: int, results: int, *, again: bool = False) -> bytes:
    flags = protocol.SEND_AGAIN if again else 0
    return protocol.request(Kind.SYNC, number, session, protocol.numbered(results), flags=flags)


def test_nothing_is_run_before_the_greeting(wire: Wire) -> None:
    for session in (0, 1, 0xFFFFFFFF):
        answer = wire.ask(infer(0, session))
        assert (answer.kind, answer.status, answer.session) == (Kind.ACK, Status.NOT_GREETED, session)
    assert count_of(wire.result(wire.ask(infer(0, wire.greet())))) == 1


def test_a_result_tells_which_sample_it_is_of(wire: Wire) -> None:
    session = wire.greet()
    result = wire.result(wire.ask(infer(0, session, sample=77, inputs=b"\5" * 100 + b"\1\2\3")))
    assert (result.sample, result.code, result.ticks) == (77, 0, 7)
    assert result.outputs[0] == bytes(5 + (1, 2, 3)[i % 3] for i in range(100))


def test_a_repeated_frame_is_acknowledged_and_not_run_again(wire: Wire) -> None:
    session = wire.greet()
    wire.ask(infer(0, session))
    again = wire.ask(infer(0, session))
    assert (again.kind, again.status, protocol.parse_numbered(again.payload)) == (Kind.ACK, Status.DONE, (1, b""))
    assert count_of(wire.result(wire.ask(infer(1, session, results=1)))) == 2


def test_frames_after_a_lost_one_are_told_once_and_not_run(wire: Wire) -> None:
    session = wire.greet()
    wire.send(infer(1, session), infer(2, session), infer(3, session), sync(9, session, 0))
    gap, answer = wire.hear(), wire.hear()
    assert (gap.kind, gap.status, protocol.parse_numbered(gap.payload)) == (Kind.ACK, Status.GAP, (0, b""))
    assert (answer.kind, answer.seq, protocol.parse_sync_answer(answer.payload)) == (Kind.SYNC_ANSWER, 9, (0, 0))
    assert wire.ask(infer(1, session)).status == Status.GAP  # SYNC was heard: another gap is another loss
    assert count_of(wire.result(wire.ask(infer(0, session)))) == 1


def test_results_are_kept_until_they_are_acknowledged(wire: Wire) -> None:
    session = wire.greet()
    sent = [wire.ask(infer(number, session, sample=number)) for number in range(3)]
    wire.send(sync(1, session, 1, again=True))
    assert [wire.hear() for _ in range(2)] == [
        Frame(Kind.RESULT, 0, frame.seq, session, protocol.numbered(3, frame.payload[2:])) for frame in sent[1:]
    ]
    assert protocol.parse_sync_answer(wire.hear().payload) == (3, 3)
    answer = wire.ask(sync(2, session, 3, again=True))
    assert answer.kind == Kind.SYNC_ANSWER


def test_a_sample_too_many_finds_no_room_and_loses_no_result(wire: Wire) -> None:
    session = wire.greet()
    for number in range(wire.info.results):
        wire.ask(infer(number, session))
    number = wire.info.results
    refused = wire.ask(infer(number, session))
    assert (refused.kind, refused.status) == (Kind.ACK, Status.NO_ROOM)
    assert count_of(wire.result(wire.ask(infer(number, session, results=1)))) == number + 1


def test_old_or_impossible_acknowledgements_change_nothing(wire: Wire) -> None:
    session = wire.greet()
    for number in range(2):
        wire.ask(infer(number, session))
    for number in (3, 4000, 0x8000, 0xFFFF, 0):
        wire.send(sync(7, session, number))
        wire.hear()
    wire.send(sync(8, session, 0, again=True))
    assert [wire.hear().kind for _ in range(3)] == [Kind.RESULT, Kind.RESULT, Kind.SYNC_ANSWER]


@pytest.mark.parametrize("cuts", [[1], [3, 4], [4, 104, 107], [110], list(range(1, 111))])
def test_a_sample_may_be_cut_anywhere(cuts: list[int], wire: Wire) -> None:
    session = wire.greet()
    message = protocol.sample_message(5, [b"\1" * 100, b"\2\3\4"])
    ends = [*cuts, len(message)]
    pieces = [message[begin:end] for begin, end in zip([0, *cuts], ends, strict=True)]
    for number, piece in enumerate(pieces):
        frame = wire.ask(protocol.request(Kind.INPUT, number, session, protocol.numbered(0, piece)))
        if number < len(cuts):
            assert (frame.kind, frame.status) == (Kind.ACK, Status.DONE)
            assert protocol.parse_numbered(frame.payload)[0] == number + 1
    assert wire.result(frame).outputs[0] == bytes(1 + (2, 3, 4)[i % 3] for i in range(100))


def test_a_sample_with_another_digest_is_not_run_and_ends_the_session(wire: Wire) -> None:
    session = wire.greet()
    message = bytearray(protocol.sample_message(0, [bytes(103)]))
    message[50] ^= 1
    frame = wire.ask(protocol.request(Kind.INPUT, 0, session, protocol.numbered(0, bytes(message))))
    assert (frame.kind, frame.status) == (Kind.ACK, Status.SAMPLE_DAMAGED)
    assert wire.ask(infer(1, session)).status == Status.NOT_GREETED
    assert count_of(wire.result(wire.ask(infer(0, wire.greet(entropy=2))))) == 1


def test_numbers_of_input_frames_go_round(wire: Wire) -> None:
    session = wire.greet()
    for first in range(0, 0x10000, 256):
        empty = (protocol.request(Kind.INPUT, first + n, session, protocol.numbered(0)) for n in range(256))
        wire.send(*empty)
        for number in range(first, first + 256):
            acknowledged = wire.hear()
            assert acknowledged.status == Status.DONE
            assert protocol.parse_numbered(acknowledged.payload)[0] == (number + 1) & 0xFFFF
    assert count_of(wire.result(wire.ask(infer(0, session)))) == 1


@pytest.mark.slow
def test_numbers_of_result_frames_go_round(tmp_path: Path) -> None:
    board = HostBoard(build_board(tmp_path / "fast", "STACK_BYTES=8192u", sanitize=False))
    wire = Wire(board)
    session = wire.greet()
    for first in range(0, 0x10000 + 8, 4):
        wire.send(*(infer(first + n, session, results=first) for n in range(4)))
        for number in range(first, first + 4):
            frame = wire.hear()
            assert (frame.kind, frame.seq) == (Kind.RESULT, number & 0xFFFF)
    assert count_of(wire.result(frame)) == 0x10000 + 8
    wire.send(sync(1, session, 0x10000 + 6, again=True))
    assert [wire.hear().seq for _ in range(3)] == [6, 7, 1]
    board.end.shutdown(socket.SHUT_RDWR)
    board.close()


def test_the_same_greeting_again_keeps_the_session_and_another_ends_it(wire: Wire) -> None:
    session = wire.greet(entropy=5)
    first = wire.ask(infer(0, session))
    assert wire.greet(entropy=5) == session
    wire.send(sync(1, session, 0, again=True))
    assert wire.hear().payload[2:] == first.payload[2:]
    assert wire.hear().kind == Kind.SYNC_ANSWER
    other = wire.greet(entropy=6)
    assert other != session
    assert wire.ask(infer(1, session)).status == Status.NOT_GREETED
    assert count_of(wire.result(wire.ask(infer(0, other)))) == 2


def test_the_session_of_before_a_restart_is_not_known_after_it(wire: Wire) -> None:
    session = wire.greet()
    assert wire.ask(protocol.request(Kind.RESET, 1, session)).status == Status.DONE
    assert wire.ask(infer(0, session)).status == Status.NOT_GREETED


def test_an_echo_comes_back_as_it_went(wire: Wire) -> None:
    session = wire.greet()
    for payload in (b"", bytes(200), bytes(range(244))):
        answer = wire.ask(protocol.request(Kind.ECHO, 3, session, payload))
        assert (answer.kind, answer.seq, answer.payload) == (Kind.ECHO | protocol.ANSWER, 3, payload)


def test_what_the_board_said_itself_is_not_answered(wire: Wire) -> None:
    """A line that returns what is sent must not make the board talk to itself for ever."""
    session = wire.greet()
    for kind in (Kind.ACK, Kind.RESULT, Kind.NOTICE):
        wire.send(protocol.request(kind, 0, session))
    assert wire.ask(sync(4, session, 0)).kind == Kind.SYNC_ANSWER


@pytest.mark.parametrize(
    ("kind", "payload", "refusal"),
    [
        (99, b"", Status.UNKNOWN_REQUEST),
        (Kind.INPUT, b"x", Status.WRONG_LENGTH),
        (Kind.INPUT, bytes(114), Status.WRONG_LENGTH),
        (Kind.SYNC, b"", Status.WRONG_LENGTH),
        (Kind.STATS, b"x", Status.WRONG_LENGTH),
        (Kind.RESET, b"x", Status.WRONG_LENGTH),
        (Kind.BAUD, b"x", Status.WRONG_LENGTH),
        (Kind.BAUD, bytes(4), Status.UNSUPPORTED),
        (Kind.WATCH, b"", Status.WRONG_LENGTH),
        (Kind.WATCH, b"\1", Status.UNSUPPORTED),
    ],
)
def test_what_makes_no_sense_is_refused_and_does_no_harm(
    wire: Wire, kind: Kind, payload: bytes, refusal: Status
) -> None:
    session = wire.greet()
    answer = wire.ask(protocol.request(kind, 0, session, payload))
    assert (answer.kind, answer.status) == (kind | protocol.ANSWER, refusal)
    assert count_of(wire.result(wire.ask(infer(0, session)))) == 1


def test_a_greeting_of_the_wrong_length_is_refused(wire: Wire) -> None:
    assert wire.ask(protocol.request(Kind.HELLO, 0, 0, b"short")).status == Status.WRONG_LENGTH


def test_ten_thousand_random_requests_do_no_harm(wire: Wire) -> None:
    chance = random.Random(3)
    session = wire.greet()
    for number in range(10_000):
        if chance.random() < 0.05:
            session = wire.greet(entropy=number + 10)
        kind = chance.choice([2, 2, 2, 3, 4, 6, 7, 8, 9, 127])
        payload = bytes(chance.choice([0, 1, 2, 4, 8, 60, 103, 113, 114, 200]))
        wire.send(protocol.request(kind, chance.randrange(3), session, payload), sync(0xBEEF, session, 0))
        while wire.hear().seq != 0xBEEF:
            pass


def test_random_bytes_on_the_wire_do_no_harm(program: Path) -> None:
    chance = random.Random(4)
    board = HostBoard(program)
    notices = bytearray()

    def drain() -> None:
        while data := board.end.recv(65536):
            notices.extend(data)

    reader = threading.Thread(target=drain)
    reader.start()
    for _ in range(300):
        board.end.sendall(chance.randbytes(700).replace(b"\x07", b"\0"))
    board.end.shutdown(socket.SHUT_WR)
    reader.join(30)
    assert not reader.is_alive()
    assert any(framing.Deframer().feed(bytes(notices)))
    board.close()
