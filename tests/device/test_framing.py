from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekd.device.framing import Deframer, encode, open_frame, stuff, unstuff

DATA = st.binary(max_size=1500) | st.lists(st.sampled_from([0, 1, 255]), max_size=800).map(bytes)
BODIES = DATA.filter(bool)


# The examples of the paper (Cheshire and Baker 1999, figure 3) and the lengths around a full block.
@pytest.mark.parametrize(
    ("plain", "stuffed"),
    [
        (b"", b"\x01"),
        (b"\0", b"\x01\x01"),
        (b"\x45\0\0\x2c\x4c\x79\0\0\x40\x06\x4f\x37", bytes.fromhex("0245 01 042c4c79 01 0540064f37")),
        (b"x" * 253, b"\xfe" + b"x" * 253),
        (b"x" * 254, b"\xff" + b"x" * 254 + b"\x01"),
        (b"x" * 254 + b"\0", b"\xff" + b"x" * 254 + b"\x01\x01"),
        (b"x" * 255, b"\xff" + b"x" * 254 + b"\x02x"),
    ],
)
def test_stuffing_is_that_of_the_paper(plain: bytes, stuffed: bytes) -> None:
    assert stuff(plain) == stuffed
    assert unstuff(stuffed) == plain


@given(DATA)
def test_stuffed_bytes_hold_no_delimiter_and_come_back(plain: bytes) -> None:
    stuffed = stuff(plain)
    assert 0 not in stuffed
    assert len(stuffed) <= len(plain) + 1 + len(plain) // 254
    assert unstuff(stuffed) == plain


@given(st.lists(BODIES, max_size=5), st.lists(st.integers(0, 400), max_size=20), st.binary(max_size=20))
def test_frames_are_found_however_the_stream_is_cut(bodies: list[bytes], cuts: list[int], noise: bytes) -> None:
    stream = noise + b"".join(map(encode, bodies))
    deframer = Deframer()
    found: list[bytes | None] = []
    for cut in cuts:
        found += deframer.feed(stream[:cut])
        stream = stream[cut:]
    found += deframer.feed(stream)
    assert [body for body in found if body is not None] == bodies


@given(BODIES, st.data())
def test_a_changed_byte_never_passes(body: bytes, data: st.DataObject) -> None:
    inner = bytearray(encode(body)[1:-1])
    at = data.draw(st.integers(0, len(inner) - 1))
    inner[at] ^= data.draw(st.integers(1, 255))
    assert open_frame(bytes(inner)) is None


@given(BODIES, st.data())
def test_a_frame_cut_short_never_passes(body: bytes, data: st.DataObject) -> None:
    inner = encode(body)[1:-1]
    assert open_frame(inner[: data.draw(st.integers(0, len(inner) - 1))]) is None


def test_endless_noise_takes_no_endless_memory() -> None:
    deframer = Deframer()
    for _ in range(3):
        assert deframer.feed(b"x" * (1 << 20)) == []
    assert deframer.feed(b"\0" + encode(b"hello"))[-1] == b"hello"
