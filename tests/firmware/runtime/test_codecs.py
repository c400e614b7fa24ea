"""The firmware's codecs against Python's: what one makes the other reads."""

from __future__ import annotations

import ctypes
import subprocess
import zlib
from pathlib import Path

import pytest
from host_board import FIRMWARE, WARNINGS
from hypothesis import given
from hypothesis import strategies as st

from edgekd.device.framing import stuff, unstuff

pytestmark = pytest.mark.cc

DATA = st.binary(max_size=1200) | st.lists(st.sampled_from([0, 1, 255]), max_size=800).map(bytes)
CAPACITY = 2000
MORE, FRAME, DAMAGED, TOO_LONG = range(4)
WRITE = ctypes.CFUNCTYPE(None, ctypes.POINTER(ctypes.c_uint8), ctypes.c_size_t)


class Decoder(ctypes.Structure):
    """struct edgekd_cobs_decoder"""

    _fields_ = [
        ("frame", ctypes.c_char_p),
        ("capacity", ctypes.c_size_t),
        ("length", ctypes.c_size_t),
        ("code", ctypes.c_uint8),
        ("left", ctypes.c_uint8),
        ("too_long", ctypes.c_bool),
    ]


class Encoder(ctypes.Structure):
    """struct edgekd_cobs_encoder"""

    _fields_ = [("block", ctypes.c_uint8 * 255), ("used", ctypes.c_uint8), ("write", WRITE)]


class Codecs:
    """The C functions, compiled into a shared library."""

    def __init__(self, library: Path) -> None:
        self._c = ctypes.CDLL(str(library))
        self._c.edgekd_crc32.restype = ctypes.c_uint32

    def crc32(self, data: bytes, start: int = 0) -> int:
        return int(self._c.edgekd_crc32(ctypes.c_uint32(start), data, ctypes.c_size_t(len(data))))

    def encode(self, *parts: bytes) -> bytes:
        written = bytearray()
        encoder = Encoder(write=WRITE(lambda data, length: written.extend(data[:length])))
        self._c.edgekd_cobs_begin(ctypes.byref(encoder))
        for part in parts:
            self._c.edgekd_cobs_put(ctypes.byref(encoder), part, ctypes.c_size_t(len(part)))
        self._c.edgekd_cobs_end(ctypes.byref(encoder))
        return bytes(written)

    def decode(self, wire: bytes, capacity: int = CAPACITY) -> list[tuple[int, bytes]]:
        """(result, decoded bytes) of each frame in `wire`."""
        memory = ctypes.create_string_buffer(b"\xaa" * (capacity + 1))
        decoder = Decoder(ctypes.cast(memory, ctypes.c_char_p), capacity)
        self._c.edgekd_cobs_restart(ctypes.byref(decoder))
        found = []
        for byte in wire:
            result = self._c.edgekd_cobs_decode(ctypes.byref(decoder), ctypes.c_uint8(byte))
            if result != MORE:
                found.append((result, memory.raw[: decoder.length]))
                self._c.edgekd_cobs_restart(ctypes.byref(decoder))
        assert memory.raw[capacity] == 0xAA, "the decoder wrote beyond its memory"
        return found


@pytest.fixture(scope="module")
def codecs(tmp_path_factory: pytest.TempPathFactory) -> Codecs:
    library = tmp_path_factory.mktemp("codecs") / "codecs.so"
    sources = [str(FIRMWARE / "runtime" / name) for name in ("cobs.c", "crc32.c")]
    subprocess.run(["gcc", "-O1", "-fPIC", "-shared", *WARNINGS, "-o", str(library), *sources], check=True)
    return Codecs(library)


def test_the_checksum_is_the_catalogue_s(codecs: Codecs) -> None:
    assert codecs.crc32(b"123456789") == 0xCBF43926  # CRC-32/ISO-HDLC, its check value


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_the_checksum_is_zlib_s_and_can_be_carried_on(codecs: Codecs, first: bytes, second: bytes) -> None:
    assert codecs.crc32(first) == zlib.crc32(first)
    assert codecs.crc32(second, start=codecs.crc32(first)) == zlib.crc32(first + second)


@given(st.lists(DATA, min_size=1, max_size=3))
def test_what_the_board_stuffs_the_host_reads(codecs: Codecs, parts: list[bytes]) -> None:
    wire = codecs.encode(*parts)
    assert wire[0] == wire[-1] == 0 and 0 not in wire[1:-1]
    assert unstuff(wire[1:-1]) == b"".join(parts)


@given(st.lists(DATA, min_size=1, max_size=3))
def test_what_the_host_stuffs_the_board_reads(codecs: Codecs, frames: list[bytes]) -> None:
    wire = b"\0".join(map(stuff, frames)) + b"\0\0\0"
    assert codecs.decode(wire) == [(FRAME, frame) for frame in frames]


@given(st.binary(max_size=600), st.integers(0, 40))
def test_any_bytes_at_all_are_decoded_within_memory_and_as_the_host_would(
    codecs: Codecs, wire: bytes, capacity: int
) -> None:
    expected = []
    for part in filter(None, (wire + b"\0").split(b"\0")):
        plain = unstuff(part)
        if plain is None:
            expected.append(DAMAGED)
        else:
            expected.append(FRAME if len(plain) <= capacity else TOO_LONG)
    assert [result for result, _ in codecs.decode(wire + b"\0", capacity)] == expected
