"""The host's decoders and its end of an exchange on whatever may come: an error of theirs, or nothing."""

from __future__ import annotations

import contextlib
import struct
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekd.device import framing, protocol
from edgekd.device.crc32c import crc32c
from edgekd.device.exchange import Exchange
from edgekd.device.link import Link, SessionLostError
from edgekd.device.protocol import DeviceInfo, Frame, Kind, MalformedError, Status
from edgekd.device.window import Receiver, Sender
from edgekd.errors import DeviceError

INFO = DeviceInfo(
    boot_nonce=1,
    frame_bytes=64,
    receive_bytes=255,
    results=3,
    arena_bytes=0,
    setup_code=0,
    can_change_baud=False,
    has_source=False,
    model_sha256="",
    engine="",
    build_id="",
    input_bytes=(70,),
    output_bytes=(60, 4),
)


def test_the_digest_is_the_catalogue_s() -> None:
    assert crc32c(b"123456789") == 0xE3069283  # CRC-32/ISCSI, its check value
    assert crc32c(b"56789", crc32c(b"1234")) == 0xE3069283


@given(st.binary(max_size=64), st.integers(0, 200), st.integers(1, 255))
def test_an_error_that_the_frame_s_checksum_is_blind_to_does_not_pass_the_digest(
    data: bytes, zeros: int, scale: int
) -> None:
    """A multiple of the one polynomial is no multiple of the other."""
    blind = 0x104C11DB7  # CRC-32's polynomial; times a power of x and a small polynomial
    error = 0
    for bit in range(8):
        if scale >> bit & 1:
            error ^= blind << bit
    pattern = (error << zeros).to_bytes((error.bit_length() + zeros + 7) // 8, "big")
    reflected = bytes(int(f"{byte:08b}"[::-1], 2) for byte in pattern)
    message = data + bytes(len(reflected))
    damaged = data + reflected
    assert framing.open_frame(framing.encode(message)[1:-1]) == message
    assert zlib.crc32(damaged) == zlib.crc32(message)
    assert crc32c(damaged) != crc32c(message)


@given(st.binary(max_size=300))
def test_any_greeting_is_read_or_refused(payload: bytes) -> None:
    for parse in (protocol.parse_hello, protocol.greeting_version, protocol.parse_stats, protocol.parse_sync_answer):
        with contextlib.suppress(MalformedError):
            parse(payload)


@given(st.binary(max_size=20), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_a_greeting_with_any_counts_is_read_or_refused(tail: bytes, inputs: int, outputs: int) -> None:
    head = struct.pack("<QQHHIHHIiHH32s", 1, 2, 2, 64, 255, 1, 0, 0, 0, inputs, outputs, bytes(32))
    try:
        info = protocol.parse_hello(head + tail)
    except MalformedError:
        return
    assert (len(info.input_bytes), len(info.output_bytes)) == (inputs, outputs)


@given(st.binary(max_size=120))
def test_only_a_result_with_a_right_digest_is_one(message: bytes) -> None:
    with pytest.raises(MalformedError):
        protocol.parse_result(message, INFO)


MESSAGES = st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=6)


@given(MESSAGES, st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=60), st.booleans())
def test_what_is_sent_is_every_frame_in_order_and_never_more_than_the_buffer_holds(
    messages: list[bytes], events: list[tuple[int, int]], prefetch: bool
) -> None:
    """Events: take what is due; an acknowledgement; going back; an interruption."""
    sender = Sender(INFO, session=7, baud=115_200)
    sender.prefetch = prefetch
    for message in messages:
        sender.add(message, expected=0)
    count = sum(-(-len(message) // INFO.piece_bytes) for message in messages)
    wire = b""
    acknowledged = 0
    for what, number in events:
        if what == 0:
            wire += sender.take()
        elif what == 1:
            acknowledged = max(acknowledged, min(number, sender.position))
            sender.acknowledge(acknowledged)
        elif what == 2:
            sender.go_back()
        else:
            sender.interrupt()
    while not sender.is_done:
        before = len(wire)
        wire += sender.take()
        moved = sender.acknowledge(sender.position)
        assert moved or len(wire) > before, "stuck"
    bodies = [body for body in framing.Deframer().feed(wire + b"\0") if body is not None]
    numbers = [int.from_bytes(body[2:4], "little") for body in bodies]
    first_seen = list(dict.fromkeys(numbers))
    assert first_seen == list(range(count))
    pieces = {number: body[10:] for number, body in zip(numbers, bodies, strict=True)}
    assert b"".join(pieces[number] for number in range(count)) == b"".join(messages)


@given(st.integers(0, 255))
def test_after_a_sample_no_more_follows_than_the_buffer_holds(receive: int) -> None:
    info = DeviceInfo(**{**INFO.__dict__, "receive_bytes": receive})
    sender = Sender(info, session=7, baud=115_200)
    for _ in range(20):
        sender.add(bytes(range(1, 21)), expected=0)
    frame = len(framing.encode(protocol.request(Kind.INPUT, 0, 7, protocol.numbered(0, bytes(range(1, 21))))))
    assert len(sender.take()) <= frame + receive
    sender.prefetch = False
    sender.go_back()
    assert len(sender.take()) == frame


def test_numbers_of_results_go_round() -> None:
    receiver = Receiver(INFO)
    for number in range(0x10000 * 2 + 10):
        assert receiver.is_next(number & 0xFFFF) and not receiver.is_gap(number & 0xFFFF)
        assert receiver.is_gap((number + 1) & 0xFFFF) and not receiver.is_gap((number - 1) & 0xFFFF)
        receiver.expected += 1


class Board:
    """A transport at whose other end something says what it likes."""

    has_rate = False

    def __init__(self, said: list[bytes]) -> None:
        self._said = said

    def read(self, seconds: float) -> bytes:
        return self._said.pop(0) if self._said else b""

    def write(self, data: bytes) -> None: ...

    def set_baud(self, rate: int) -> bool:
        return False

    def close(self) -> None: ...


FRAMES = st.builds(
    Frame,
    kind=st.sampled_from([Kind.ACK, Kind.SYNC_ANSWER, Kind.RESULT, Kind.NOTICE, Kind.LOG, Kind.PUSH]),
    status=st.sampled_from(list(Status)),
    seq=st.integers(0, 5),
    session=st.sampled_from([7, 8]),
    payload=st.binary(max_size=60) | st.integers(0, 9).map(lambda n: bytes((n, 0))),
)


@settings(deadline=None)
@given(st.lists(FRAMES | st.binary(max_size=30), max_size=25))
def test_a_board_that_says_anything_gets_no_result_accepted(said: list[Frame | bytes]) -> None:
    """Frames with right checksums that mean nothing: an error of the device, a lost session, or silence."""
    wire = [
        framing.encode(struct.pack("<BBHI", item.kind, item.status, item.seq, item.session) + item.payload)
        if isinstance(item, Frame)
        else item
        for item in said
    ]
    link = Link(Board(wire), name="any", baud=10_000_000, timeout=0.1, on_log=lambda line: None)
    link.session = 7
    exchange = Exchange(link, INFO)
    exchange.add(protocol.sample_message(0, [bytes(70)]))
    started = time.monotonic()
    with contextlib.suppress(DeviceError, SessionLostError):
        while wire:
            assert exchange.step(timeout=5) == []
    assert time.monotonic() - started < 5
