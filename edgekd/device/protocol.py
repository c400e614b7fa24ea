"""Frames, samples and results as bytes: firmware/runtime/PROTOCOL.md, version 2."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from edgekd.device.crc32c import crc32c

VERSION = 2
ANSWER = 0x80
OVERHEAD = 12  # bytes of a frame beside its payload: header and checksum
NUMBERS = 1 << 16  # of frames, then they begin again
SEND_AGAIN = 1  # flag of SYNC
_HEADER = struct.Struct("<BBHI")
_NUMBER = struct.Struct("<H")
_SYNC_ANSWER = struct.Struct("<HH")
_RESULT_HEAD = struct.Struct("<IIi")
_WORD = struct.Struct("<I")
_STATS = struct.Struct("<IIII")
_GREETING = struct.Struct("<QQH")
_GREETING_2 = struct.Struct("<HIHHIiHH32s")
_CAN_CHANGE_BAUD = 1
_HAS_SOURCE = 2
_MAX_TENSORS = 1024
_LEAST_FRAME = 64


class Kind(IntEnum):
    """Types of frames. The answer to a request has its type with ANSWER."""

    HELLO = 0x01
    INPUT = 0x02
    SYNC = 0x03
    STATS = 0x04
    RESET = 0x05
    BAUD = 0x06
    ECHO = 0x07
    WATCH = 0x08
    NOTICE = 0x80
    ACK = 0x82
    SYNC_ANSWER = 0x83
    RESULT = 0x90
    PUSH = 0x91
    LOG = 0x92


class Status(IntEnum):
    """How it went."""

    DONE = 0
    NOT_GREETED = 1
    DAMAGED = 2
    TOO_LONG = 3
    GAP = 4
    SAMPLE_DAMAGED = 5
    NO_ROOM = 6
    UNKNOWN_REQUEST = 7
    WRONG_LENGTH = 8
    UNSUPPORTED = 9


class MalformedError(Exception):
    """An intact frame that is not what the protocol says."""


@dataclass(frozen=True)
class Frame:
    """An intact frame from the board."""

    kind: int
    status: int
    seq: int
    session: int
    payload: bytes

    @property
    def status_name(self) -> str:
        return Status(self.status).name if self.status in list(Status) else f"status {self.status}"


@dataclass(frozen=True)
class DeviceInfo:
    """What a board says of itself.

    boot_nonce: differs after each start. frame_bytes: of the longest frame. receive_bytes: what it can hold while it is
    busy. results: how many it keeps until the host has them. arena_bytes: the model's working memory, inputs and
    outputs included. setup_code: 0, or what the engine's setup failed with. can_change_baud: whether its port can.
    has_source: whether it has samples of its own to watch. input_bytes, output_bytes: size of each tensor.
    """

    boot_nonce: int
    frame_bytes: int
    receive_bytes: int
    results: int
    arena_bytes: int
    setup_code: int
    can_change_baud: bool
    has_source: bool
    model_sha256: str
    engine: str
    build_id: str
    input_bytes: tuple[int, ...]
    output_bytes: tuple[int, ...]

    @property
    def piece_bytes(self) -> int:
        """The longest piece of a sample or result in one frame."""
        return self.frame_bytes - OVERHEAD - _NUMBER.size

    @property
    def result_bytes(self) -> int:
        """Length of a result's message."""
        return _RESULT_HEAD.size + sum(self.output_bytes) + _WORD.size


@dataclass(frozen=True)
class DeviceStats:
    """stack_bytes: its size. stack_used: the most ever in use. stack_inference: the most one inference took.
    damaged_frames: seen by the board since its start."""

    stack_bytes: int
    stack_used: int
    stack_inference: int
    damaged_frames: int


@dataclass(frozen=True)
class ResultMessage:
    """sample: the number the host gave it. code: the engine's; other than 0: outputs mean nothing."""

    sample: int
    ticks: int
    code: int
    outputs: tuple[bytes, ...]


def request(kind: Kind, seq: int, session: int, payload: bytes = b"", *, flags: int = 0) -> bytes:
    """The body of a request."""
    return _HEADER.pack(kind, flags, seq % NUMBERS, session) + payload


def hello(entropy: int) -> bytes:
    """The body of a greeting: the same in every version."""
    return request(Kind.HELLO, 0, 0, entropy.to_bytes(8, "little"))


def numbered(number: int, piece: bytes = b"") -> bytes:
    """A payload that begins with the number of the frame that is expected next."""
    return _NUMBER.pack(number % NUMBERS) + piece


def parse_numbered(payload: bytes) -> tuple[int, bytes]:
    """The like, read. Raises MalformedError."""
    if len(payload) < _NUMBER.size:
        raise MalformedError("a frame that must begin with a number is shorter than one")
    return _NUMBER.unpack_from(payload)[0], payload[_NUMBER.size :]


def parse_sync_answer(payload: bytes) -> tuple[int, int]:
    """(number of the input frame that is expected, number of the next result frame)."""
    if len(payload) != _SYNC_ANSWER.size:
        raise MalformedError(f"an answer to SYNC of {len(payload)} bytes")
    expected, made = _SYNC_ANSWER.unpack(payload)
    return expected, made


def parse_frame(body: bytes) -> Frame | None:
    """The board's frame; None for one that is not from a board at all (an echo of a request)."""
    if len(body) < _HEADER.size or not body[0] & ANSWER:
        return None
    kind, status, seq, session = _HEADER.unpack_from(body)
    return Frame(kind, status, seq, session, body[_HEADER.size :])


def answers(frame: Frame, body: bytes) -> bool:
    """Whether `frame` is the answer to the request with this body, and not an echo of an earlier one."""
    kind, _, seq, session = _HEADER.unpack_from(body)
    if frame.kind != kind | ANSWER or frame.seq != seq:
        return False
    if kind == Kind.HELLO:  # its answer carries a new session, and the entropy it was asked with
        return frame.status != Status.DONE or frame.payload[:8] == body[_HEADER.size :]
    return bool(frame.session == session)


def sample_message(number: int, inputs: Sequence[bytes]) -> bytes:
    """A sample as it is cut into pieces."""
    message = _WORD.pack(number) + b"".join(inputs)
    return message + _WORD.pack(crc32c(message))


def parse_result(message: bytes, info: DeviceInfo) -> ResultMessage:
    """A result whose pieces are together. Raises MalformedError when its digest is wrong."""
    content, digest = message[: -_WORD.size], message[-_WORD.size :]
    if len(message) != info.result_bytes or _WORD.pack(crc32c(content)) != digest:
        raise MalformedError("a result whose digest is wrong")
    at = _RESULT_HEAD.size
    outputs = []
    for size in info.output_bytes:
        outputs.append(content[at : at + size])
        at += size
    sample, ticks, code = _RESULT_HEAD.unpack_from(content)
    return ResultMessage(sample, ticks, code, tuple(outputs))


def parse_stats(payload: bytes) -> DeviceStats:
    """The answer to STATS."""
    if len(payload) != _STATS.size:
        raise MalformedError(f"an answer to STATS of {len(payload)} bytes")
    return DeviceStats(*_STATS.unpack(payload))


def greeting_version(payload: bytes) -> int:
    """The protocol version in HELLO's answer, which every version begins alike."""
    if len(payload) < _GREETING.size:
        raise MalformedError(f"an answer to HELLO of {len(payload)} bytes")
    return int(_GREETING.unpack_from(payload)[2])


def parse_hello(payload: bytes) -> DeviceInfo:
    """The answer to HELLO of version 2. Raises MalformedError."""
    try:
        _, nonce, _ = _GREETING.unpack_from(payload)
        at = _GREETING.size
        frame, receive, results, flags, arena, setup, inputs, outputs, sha256 = _GREETING_2.unpack_from(payload, at)
        at += _GREETING_2.size
        engine, at = _text(payload, at)
        build_id, at = _text(payload, at)
        if frame < _LEAST_FRAME or results < 1:
            raise MalformedError(f"HELLO's answer tells frames of {frame} bytes and {results} results")
        if inputs + outputs > _MAX_TENSORS or len(payload) != at + 4 * (inputs + outputs):
            raise MalformedError("HELLO's answer has another length than its own counts say")
        sizes = struct.unpack_from(f"<{inputs + outputs}I", payload, at)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise MalformedError(f"HELLO's answer cannot be read: {error}") from None
    return DeviceInfo(
        boot_nonce=nonce,
        frame_bytes=frame,
        receive_bytes=receive,
        results=results,
        arena_bytes=arena,
        setup_code=setup,
        can_change_baud=bool(flags & _CAN_CHANGE_BAUD),
        has_source=bool(flags & _HAS_SOURCE),
        model_sha256=sha256.hex(),
        engine=engine,
        build_id=build_id,
        input_bytes=sizes[:inputs],
        output_bytes=sizes[inputs:],
    )


def _text(payload: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + payload[at]
    return payload[at + 1 : end].decode("ascii"), end
