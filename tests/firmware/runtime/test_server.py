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
from edgekd.device.protocol import Answer, Kind, Status

pytestmark = pytest.mark.cc


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_board(tmp_path_factory.mktemp("server") / "toy")


class Wire:
    """The bare serial line: bodies in, answers out."""

    def __init__(self, board: HostBoard) -> None:
        self._board = board
        self._deframer = framing.Deframer()
        self._heard: list[Answer] = []
        board.end.settimeout(5)

    def send(self, *bodies: bytes) -> None:
        self._board.end.sendall(b"".join(map(framing.encode, bodies)))

    def hear(self) -> Answer:
        while not self._heard:
            for frame in self._deframer.feed(self._board.end.recv(65536)):
                assert frame is not None
                answer = protocol.parse_answer(frame)
                assert answer is not None
                self._heard.append(answer)
        return self._heard.pop(0)

    def ask(self, body: bytes) -> Answer:
        self.send(body)
        return self.hear()

    def greet(self, entropy: int = 1) -> int:
        """The new session."""
        answer = self.ask(protocol.hello(entropy))
        assert answer.status == Status.DONE
        return answer.session


@pytest.fixture
def wire(program: Path) -> Iterator[Wire]:
    board = HostBoard(program)
    yield Wire(board)
    board.end.shutdown(socket.SHUT_RDWR)
    board.close()


def infer(seq: int, session: int) -> bytes:
    return protocol.request(Kind.INFER, seq, session, bytes(103))


def count_of(answer: Answer) -> int:
    return int.from_bytes(answer.payload[-4:], "little")


def test_nothing_is_run_before_the_greeting(wire: Wire) -> None:
    for session in (0, 1, 0xFFFFFFFF):
        answer = wire.ask(infer(1, session))
        assert (answer.status, answer.seq, answer.session) == (Status.NOT_GREETED, 1, session)
    assert count_of(wire.ask(infer(1, wire.greet()))) == 1


def test_a_repeated_request_is_answered_again_and_not_run_again(wire: Wire) -> None:
    session = wire.greet()
    first = wire.ask(infer(1, session))
    assert wire.ask(infer(1, session)) == first
    assert count_of(first) == 1
    assert count_of(wire.ask(infer(2, session))) == 2


def test_an_echo_of_an_older_request_is_ignored(wire: Wire) -> None:
    session = wire.greet()
    wire.ask(infer(1, session))
    wire.ask(infer(2, session))
    wire.send(infer(1, session), infer(9, session), infer(3, session))
    answer = wire.hear()
    assert (answer.seq, count_of(answer)) == (3, 3)


def test_sequence_numbers_go_round(wire: Wire) -> None:
    session = wire.greet()
    seq = 0
    for _ in range(0x10000 + 2):
        seq = (seq + 1) & 0xFFFF
        wire.send(protocol.request(Kind.WRITE, seq, session, protocol.write(0, 0, b"")))
        answer = wire.hear()
        assert (answer.status, answer.seq) == (Status.DONE, seq)


def test_the_same_greeting_again_keeps_the_session_and_another_ends_it(wire: Wire) -> None:
    session = wire.greet(entropy=5)
    first = wire.ask(infer(1, session))
    assert wire.greet(entropy=5) == session
    assert wire.ask(infer(1, session)) == first
    other = wire.greet(entropy=6)
    assert other != session
    assert wire.ask(infer(2, session)).status == Status.NOT_GREETED
    assert count_of(wire.ask(infer(1, other))) == 2


def test_the_session_of_before_a_restart_is_not_known_after_it(wire: Wire) -> None:
    session = wire.greet()
    assert wire.ask(protocol.request(Kind.RESET, 1, session)).status == Status.DONE
    assert wire.ask(infer(2, session)).status == Status.NOT_GREETED


def test_a_greeting_of_the_wrong_length_is_refused(wire: Wire) -> None:
    assert wire.ask(protocol.request(Kind.HELLO, 0, 0, b"short")).status == Status.WRONG_LENGTH


def test_ten_thousand_random_requests_do_no_harm(wire: Wire) -> None:
    chance = random.Random(3)
    session, seq = wire.greet(), 0
    for number in range(10_000):
        seq = (seq + 1) & 0xFFFF
        if chance.random() < 0.1:
            session, seq = wire.greet(entropy=number + 10), 1
        kind = chance.choice([2, 3, 4, 5, 7, 0, 127])
        payload = chance.randbytes(chance.choice([0, 1, 8, 9, 12, 103, 200]))
        if kind in (Kind.WRITE, Kind.READ) and len(payload) >= 8:
            near = bytes((chance.randrange(6), 0, 0, 0, chance.randrange(120), 0, 0, 0))
            payload = near + bytes(len(payload) - 8)  # zeros: not one of the bytes that ask for trouble
        if kind == Kind.INFER and payload:
            payload = b"\0" + payload[1:]  # as above
        answer = wire.ask(protocol.request(kind, seq, session, payload))  # type: ignore[arg-type]
        assert answer.seq == seq and answer.kind == kind
    assert wire.ask(protocol.request(Kind.STATS, (seq + 1) & 0xFFFF, session)).status == Status.DONE


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
