"""Which frames are under way, in each direction (PROTOCOL.md, "Samples and results"): no input or output, no time."""

from __future__ import annotations

from dataclasses import dataclass

from edgekd.device import framing, protocol
from edgekd.device.protocol import NUMBERS, DeviceInfo, Kind

_LEAST_WINDOW = 4  # frames
_LEAST_WINDOW_BYTES = 4096
_WINDOW_SECONDS = 0.1  # of the line: longer than adapters and hosts take to bring an acknowledgement back
_BITS_PER_BYTE = 10


@dataclass(frozen=True)
class _Numbered:
    """A frame as it goes over the wire. runs: it completes a sample, which the board runs before it reads on."""

    wire: bytes
    runs: bool


class Sender:
    """Samples as frames, each kept until the board has it, sent as far as the board has room.

    While the board runs a sample nothing is taken out of its receive buffer. So after a frame that makes it run, and
    until that is acknowledged, no more bytes follow than the buffer holds, and they may end within a frame. Frames
    that make it run nothing are taken at the line's speed: of them a few may be under way, for the line's latency.
    """

    def __init__(self, info: DeviceInfo, session: int, baud: int) -> None:
        self.prefetch = True  # else no byte follows while the board runs a sample
        self._piece = info.piece_bytes
        self._buffer = info.receive_bytes
        window_bytes = max(_LEAST_WINDOW_BYTES, int(baud / _BITS_PER_BYTE * _WINDOW_SECONDS))
        self._window = max(_LEAST_WINDOW, window_bytes // info.frame_bytes)
        self._session = session
        self._first = 0  # number of the first frame of _frames
        self._frames: list[_Numbered] = []
        self._sent = 0  # of _frames, whole
        self._ever_sent = 0  # of _frames, before going back too
        self._begun = 0  # bytes of the next one

    @property
    def position(self) -> int:
        """Number of the next frame to send."""
        return self._first + self._sent

    @property
    def is_done(self) -> bool:
        """The board has everything."""
        return not self._frames

    @property
    def wants_more(self) -> bool:
        """So little is waiting to be sent that another sample should be prepared."""
        return len(self._frames) - self._sent < self._window

    @property
    def bytes_under_way(self) -> int:
        """Sent and not acknowledged."""
        return sum(len(frame.wire) for frame in self._frames[: self._sent]) + self._begun

    @property
    def makes_run(self) -> bool:
        """Whether something under way makes the board run a sample."""
        return any(frame.runs for frame in self._frames[: self._sent])

    def add(self, message: bytes, expected: int) -> None:
        """Queue a sample. expected: the number of the result frame that is expected."""
        for at in range(0, len(message), self._piece):
            piece = message[at : at + self._piece]
            number = self._first + len(self._frames)
            body = protocol.request(Kind.INPUT, number, self._session, protocol.numbered(expected, piece))
            self._frames.append(_Numbered(framing.encode(body), at + len(piece) == len(message)))

    def take(self) -> bytes:
        """What is to be written now."""
        due = bytearray()
        room = self._room()
        while self._sent < len(self._frames) and (room is not None or self._sent < self._window):
            frame = self._frames[self._sent]
            rest = frame.wire[self._begun :]
            part = rest if room is None else rest[:room]
            due += part
            if len(part) < len(rest):
                self._begun += len(part)
                break
            self._begun = 0
            self._sent += 1
            self._ever_sent = max(self._ever_sent, self._sent)
            if room is not None:
                room -= len(part)
            elif frame.runs:
                room = self._buffer if self.prefetch else 0
        return bytes(due)

    def _room(self) -> int | None:
        """Bytes that the board's buffer takes beside those that may be in it; None while the board reads."""
        room = None
        for frame in self._frames[: self._sent]:
            if room is not None:
                room -= len(frame.wire)
            elif frame.runs:
                room = self._buffer if self.prefetch else 0
        return None if room is None else max(room - self._begun, 0)

    def acknowledge(self, expected: int) -> bool:
        """The board expects the frame with this number modulo 2^16; whether that is news."""
        more = (expected - self._first) % NUMBERS
        if not 0 < more <= self._ever_sent:
            return False
        if more > self._sent:
            self._begun = 0
        del self._frames[:more]
        self._first += more
        self._ever_sent -= more
        self._sent = max(self._sent - more, 0)
        return True

    def interrupt(self) -> None:
        """Something else is written now: a frame that was sent in part is lost."""
        self._begun = 0

    def go_back(self) -> int:
        """Everything that is not acknowledged is to be sent again: how many frames."""
        again, self._sent, self._begun = self._sent, 0, 0
        return again


class Receiver:
    """Result frames in order, put together."""

    def __init__(self, info: DeviceInfo) -> None:
        self._length = info.result_bytes
        self._message = bytearray()
        self.expected = 0  # number of the next frame

    def is_next(self, number: int) -> bool:
        return self.expected % NUMBERS == number

    def is_gap(self, number: int) -> bool:
        """Whether frames before this one were lost; else it was here already."""
        return 0 < (number - self.expected) % NUMBERS < NUMBERS // 2

    def add(self, piece: bytes) -> bytes | None:
        """Take the next frame's piece: the message that it completes."""
        self.expected += 1
        self._message += piece
        if len(self._message) < self._length:
            return None
        message, self._message = bytes(self._message), bytearray()
        return message
