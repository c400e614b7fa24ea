"""Requests and answers as bytes: firmware/runtime/PROTOCOL.md, version 1."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

VERSION = 1
ANSWER = 0x80
OVERHEAD = 12  # bytes of a frame beside its payload: header and checksum
_HEADER = struct.Struct("<BBHI")
_WRITE = struct.Struct("<HHI")
_READ = struct.Struct("<HHII")
_INFER_ANSWER = struct.Struct("<Ii")
_STATS = struct.Struct("<IIII")
_GREETING = struct.Struct("<QQH")
_GREETING_V1 = struct.Struct("<HIiHH32s")
_MAX_TENSORS = 1024
_LEAST_FRAME = 64
WRITE_HEAD = _WRITE.size


class Kind(IntEnum):
    """What a request asks for."""

    HELLO = 1
    WRITE = 2
    INFER = 3
    READ = 4
    STATS = 5
    RESET = 6


class Status(IntEnum):
    """How it went."""

    DONE = 0
    NOT_GREETED = 1
    DAMAGED = 2
    TOO_LONG = 3
    UNKNOWN_REQUEST = 4
    WRONG_LENGTH = 5
    NO_SUCH_TENSOR = 6
    ENGINE_FAILED = 7


class MalformedError(Exception):
    """An intact frame that is not what the protocol says."""


@dataclass(frozen=True)
class Answer:
    """An intact frame from the board."""

    kind: int  # of its request; 0 for a notice
    status: int
    seq: int
    session: int
    payload: bytes

    @property
    def is_damage_notice(self) -> bool:
        return self.kind == 0 and self.status in (Status.DAMAGED, Status.TOO_LONG)


@dataclass(frozen=True)
class DeviceInfo:
    """What a board says of itself.

    boot_nonce: differs after each start. arena_bytes: the model's working memory, inputs and outputs included.
    setup_code: 0, or what the engine's setup failed with. input_bytes, output_bytes: size of each tensor.
    """

    boot_nonce: int
    frame_bytes: int
    arena_bytes: int
    setup_code: int
    model_sha256: str
    engine: str
    build_id: str
    input_bytes: tuple[int, ...]
    output_bytes: tuple[int, ...]


@dataclass(frozen=True)
class DeviceStats:
    """stack_bytes: its size. stack_used: the most ever in use. stack_inference: the most one inference took.
    damaged_frames: seen by the board since its start."""

    stack_bytes: int
    stack_used: int
    stack_inference: int
    damaged_frames: int


def request(kind: Kind, seq: int, session: int, payload: bytes = b"") -> bytes:
    """The body of a request."""
    return _HEADER.pack(kind, 0, seq, session) + payload


def hello(entropy: int) -> bytes:
    """The body of a greeting."""
    return request(Kind.HELLO, 0, 0, entropy.to_bytes(8, "little"))


def write(tensor: int, offset: int, data: bytes) -> bytes:
    """The payload of WRITE."""
    return _WRITE.pack(tensor, 0, offset) + data


def read(tensor: int, offset: int, length: int) -> bytes:
    """The payload of READ."""
    return _READ.pack(tensor, 0, offset, length)


def parse_answer(body: bytes) -> Answer | None:
    """The answer in an intact frame; None for one that is not an answer at all (an echo of a request)."""
    if len(body) < _HEADER.size or not body[0] & ANSWER:
        return None
    kind, status, seq, session = _HEADER.unpack_from(body)
    return Answer(kind & ~ANSWER, status, seq, session, body[_HEADER.size :])


def answers(answer: Answer, body: bytes) -> bool:
    """Whether `answer` is that of the request with this body, and not an echo of an earlier one."""
    kind, _, seq, session = _HEADER.unpack_from(body)
    if answer.kind != kind or answer.seq != seq:
        return False
    if kind == Kind.HELLO:  # its answer carries a new session, and the entropy it was asked with
        return answer.status != Status.DONE or answer.payload[:8] == body[_HEADER.size :]
    return bool(answer.session == session)


def parse_infer(payload: bytes) -> tuple[int, int, bytes]:
    """(ticks, engine's code, output tensors one after another) of an INFER answer."""
    if len(payload) < _INFER_ANSWER.size:
        raise MalformedError(f"an answer to INFER of {len(payload)} bytes")
    ticks, code = _INFER_ANSWER.unpack_from(payload)
    return ticks, code, payload[_INFER_ANSWER.size :]


def most_payload(info: DeviceInfo) -> int:
    """The longest payload a frame carries."""
    return info.frame_bytes - OVERHEAD


def outputs_fit(info: DeviceInfo) -> bool:
    """Whether INFER's answer carries the output tensors."""
    return sum(info.output_bytes) <= most_payload(info) - _INFER_ANSWER.size


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
    """The answer to HELLO of version 1. Raises MalformedError."""
    try:
        _, nonce, _ = _GREETING.unpack_from(payload)
        at = _GREETING.size
        frame_bytes, arena, setup, inputs, outputs, sha256 = _GREETING_V1.unpack_from(payload, at)
        at += _GREETING_V1.size
        engine, at = _text(payload, at)
        build_id, at = _text(payload, at)
        if frame_bytes < _LEAST_FRAME:
            raise MalformedError(f"HELLO's answer tells frames of {frame_bytes} bytes")
        if inputs + outputs > _MAX_TENSORS or len(payload) != at + 4 * (inputs + outputs):
            raise MalformedError("HELLO's answer has another length than its own counts say")
        sizes = struct.unpack_from(f"<{inputs + outputs}I", payload, at)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise MalformedError(f"HELLO's answer cannot be read: {error}") from None
    return DeviceInfo(nonce, frame_bytes, arena, setup, sha256.hex(), engine, build_id, sizes[:inputs], sizes[inputs:])


def _text(payload: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + payload[at]
    return payload[at + 1 : end].decode("ascii"), end
