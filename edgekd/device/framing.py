"""Frames on the wire: a body with its checksum, byte-stuffed (firmware/runtime/PROTOCOL.md, "Frame")."""

from __future__ import annotations

import zlib

DELIMITER = b"\0"
_CRC_BYTES = 4
_BLOCK = 254  # bytes without a zero that one code byte can announce
_MAX_NOISE = 1 << 20  # bytes without a delimiter before they are thrown away


def encode(body: bytes) -> bytes:
    """`body`, at least one byte, as it goes over the wire, delimiters on both sides."""
    crc = zlib.crc32(body).to_bytes(_CRC_BYTES, "little")
    return DELIMITER + stuff(body + crc) + DELIMITER


def stuff(data: bytes) -> bytes:
    """Consistent overhead byte stuffing: `data` without any zero byte, at most 1 + len / 254 bytes longer."""
    stuffed = bytearray()
    for run in data.split(DELIMITER):
        while len(run) >= _BLOCK:
            stuffed.append(_BLOCK + 1)
            stuffed += run[:_BLOCK]
            run = run[_BLOCK:]
        stuffed.append(len(run) + 1)
        stuffed += run
    return bytes(stuffed)


def unstuff(data: bytes) -> bytes | None:
    """What `stuff` was given; None when `data` cannot come from it (cut off, or with a zero inside)."""
    if not data or 0 in data:
        return None
    plain = bytearray()
    at = 0
    while at < len(data):
        code = data[at]
        block = data[at + 1 : at + code]
        if len(block) != code - 1:
            return None
        plain += block
        at += code
        if code <= _BLOCK and at < len(data):
            plain.append(0)
    return bytes(plain)


def open_frame(data: bytes) -> bytes | None:
    """The body of what came between two delimiters; None when it is damaged."""
    plain = unstuff(data)
    if plain is None or len(plain) <= _CRC_BYTES:  # no body is empty, and the checksum of nothing is only zeros
        return None
    body, crc = plain[:-_CRC_BYTES], plain[-_CRC_BYTES:]
    return body if zlib.crc32(body).to_bytes(_CRC_BYTES, "little") == crc else None


class Deframer:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def feed(self, data: bytes) -> list[bytes | None]:
        """The bodies that `data` completes, None for each damaged frame."""
        self._waiting += data
        *frames, rest = self._waiting.split(DELIMITER)
        self._waiting = rest if len(rest) <= _MAX_NOISE else bytearray()
        return [open_frame(bytes(frame)) for frame in frames if frame]
