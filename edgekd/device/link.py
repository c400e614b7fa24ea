"""Frames over a link that may lose, damage or repeat bytes or go away, to a board that may restart."""

from __future__ import annotations

import contextlib
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from edgekd.device import framing, protocol
from edgekd.device.protocol import DeviceInfo, Frame, Kind, MalformedError, Status
from edgekd.device.transport import Transport
from edgekd.errors import DeviceError

FIRST_WAIT = 0.5  # seconds until a request is sent again; doubles each time
LONGEST_WAIT = 8.0
_GREETING_WAIT = 0.3  # short: a board that has just been opened may still be starting
_PROMPT_RETRIES = 20  # of one request on news of damage, before waits apply again
_BITS_PER_BYTE = 10  # on a serial line: start, eight, stop
_GREETING_BYTES = 256
_SECONDS_BETWEEN_OPENINGS = 0.05  # of a port that went away
_WAIT_FOR_RATE = 0.1  # seconds until a request is sent again while the rate changes
_GREETINGS_AT_RAISED_RATE = 1.5  # seconds, before the rate that the board starts with is tried

_LOGGER = logging.getLogger("edgekd.board")


@dataclass
class LinkStats:
    """What the link carried so far. retries: frames sent again. damaged: frames that came with a wrong checksum.
    restarts: of the board, seen in the middle of something. reopened: times the port went away and came back.
    log_lines_lost, pushes_lost: of the board's log and of the results it pushed. seconds: spent in requests."""

    bytes_sent: int = 0
    bytes_received: int = 0
    retries: int = 0
    damaged: int = 0
    restarts: int = 0
    reopened: int = 0
    log_lines_lost: int = 0
    pushes_lost: int = 0
    seconds: float = 0.0


class SessionLostError(Exception):
    """The board does not know this session: it has restarted since, or another host greeted it."""


class NoAnswerError(DeviceError):
    """Nothing came in time."""


class Link:
    """Sends frames, and requests until they are answered. stats: what was carried. name: of the port, for messages.

    reopen: makes the transport anew when it fails; without it the first failure is raised. on_log: told each line of
    the board's log, else the logger "edgekd.board" is. baud: the rate now.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        name: str,
        baud: int,
        timeout: float,
        reopen: Callable[[], Transport] | None = None,
        on_log: Callable[[str], None] | None = None,
    ) -> None:
        self.stats = LinkStats()
        self.name = name
        self.baud = baud
        self.timeout = timeout
        self.session = 0
        self.on_frame: Callable[[Frame | None], None] = lambda frame: None  # what a query hears beside its answer
        self._first_baud = baud
        self._transport = transport
        self._reopen = reopen
        self._on_log = on_log or _LOGGER.info
        self._next_log_line: int | None = None
        self._deframer = framing.Deframer()
        self._query = 0
        self._answer_bytes = _GREETING_BYTES

    def close(self) -> None:
        """Close the port, after giving the board back the rate that it starts with."""
        if self.baud != self._first_baud:
            with contextlib.suppress(DeviceError, SessionLostError):
                self.query("going back to the first rate", Kind.BAUD, _rate(self._first_baud), timeout=1.0)
        self._transport.close()

    @property
    def rate(self) -> int | None:
        """Bits a second; None where the way has no rate."""
        return self.baud if self._transport.has_rate else None

    def wire_seconds(self, count: int) -> float:
        """How long `count` bytes take on the line."""
        return count * _BITS_PER_BYTE / self.baud

    def greet(self) -> DeviceInfo:
        """Begin a session. Raises DeviceError when nothing that speaks this protocol answers."""
        if self.baud != self._first_baud:
            with contextlib.suppress(NoAnswerError):
                return self._greet(_GREETINGS_AT_RAISED_RATE)
            self._set_rate(self._first_baud)  # a board that has restarted is back there
        return self._greet(self.timeout)

    def _greet(self, timeout: float) -> DeviceInfo:
        body = protocol.hello(secrets.randbits(64))
        answer = self._until_answered("greeting", body, _GREETING_WAIT, timeout)
        self._next_log_line = None
        try:
            if answer.status == Status.DONE:
                version = protocol.greeting_version(answer.payload)
                if version != protocol.VERSION:
                    raise MalformedError(f"the board speaks version {version} of the protocol, not {protocol.VERSION}")
            self.require_done(answer, "greeting")
            info = protocol.parse_hello(answer.payload)
        except MalformedError as error:
            raise self.malformed(error) from None
        self.session = answer.session
        self._answer_bytes = info.frame_bytes
        return info

    def query(
        self, purpose: str, kind: Kind, payload: bytes = b"", *, wait: float = FIRST_WAIT, timeout: float | None = None
    ) -> Frame:
        """A request that may be run more than once, and its answer, whatever its status.

        purpose: for messages ("asking for figures"). wait: seconds until it is sent again, without the time on the
        wire. timeout: seconds for all of it. Raises SessionLostError; DeviceError when no answer comes.
        """
        self._query = (self._query + 1) % protocol.NUMBERS
        body = protocol.request(kind, self._query, self.session, payload)
        return self._until_answered(purpose, body, wait, timeout or self.timeout)

    def send(self, data: bytes) -> None:
        """Write frames. What a port that just went away does not take is lost, like bytes on the way."""
        try:
            self._transport.write(data)
        except DeviceError as error:
            self._come_back(error)
        self.stats.bytes_sent += len(data)

    def poll(self, until: float) -> list[Frame | None]:
        """The frames that come next, at the latest when time.monotonic() is `until`; None stands for a damaged one.

        Lines of the log are logged and left out. Raises SessionLostError when the board says so.
        """
        try:
            data = self._transport.read(max(until - time.monotonic(), 0.0))
        except DeviceError as error:
            self._come_back(error)
            return [None]
        self.stats.bytes_received += len(data)
        frames: list[Frame | None] = []
        for body in self._deframer.feed(data):
            frame = protocol.parse_frame(body) if body is not None else None
            self.stats.damaged += body is None
            if body is not None and frame is None:
                continue  # an echo of our own
            if frame is not None and frame.kind == Kind.LOG:
                self._log(frame)
            elif frame is not None and self._is_unknown_session(frame):
                raise SessionLostError
            else:
                frames.append(frame)
        return frames

    def require_done(self, answer: Frame, purpose: str) -> None:
        """Raises DeviceError unless the board did what it was asked."""
        if answer.status != Status.DONE:
            raise DeviceError(f"{self.name}: {purpose}: the board refused ({answer.status_name})")

    def malformed(self, error: MalformedError) -> DeviceError:
        return DeviceError(f"{self.name}: {error}", "the board runs another version of edgekd: deploy the model again")

    def change_baud(self, rate: int) -> bool:
        """Run the line at `rate` from here on, if it carries bytes then: whether it does. Raises SessionLostError."""
        before = self.baud
        if not self._transport.has_rate:
            return False
        # Soon again: a board whose answer was lost listens at another rate, until it has heard four damaged frames.
        answer = self.query("changing the rate", Kind.BAUD, _rate(rate), wait=_WAIT_FOR_RATE)
        if answer.status != Status.DONE:
            return False
        if self._set_rate(rate) and self._echoes():
            return True
        self._set_rate(before)  # where the board goes back to when it understands nothing
        with contextlib.suppress(NoAnswerError):
            self.query("going back to the rate of before", Kind.BAUD, _rate(before), wait=_WAIT_FOR_RATE, timeout=3.0)
        return False

    def no_answer(self, purpose: str, before: LinkStats, timeout: float) -> NoAnswerError:
        received = self.stats.bytes_received - before.bytes_received
        message = f"{self.name}: {purpose}: no answer from the board within {timeout:.0f} s"
        if received == 0:
            return NoAnswerError(
                message,
                "not a single byte came: is it the right port, and is the board running edgekd's firmware?",
                "put it there with: edgekd deploy MODEL.tflite --board BOARD --port PORT",
            )
        damaged = self.stats.damaged - before.damaged
        return NoAnswerError(
            message,
            f"{received} bytes came, {damaged} damaged frames among them, but not the answer",
            f"the baud rate may be wrong (here {self.baud}), or other firmware runs on the board",
        )

    def _is_unknown_session(self, frame: Frame) -> bool:
        return frame.status == Status.NOT_GREETED and frame.session == self.session != 0

    def _log(self, frame: Frame) -> None:
        if self._next_log_line is not None:
            self.stats.log_lines_lost += (frame.seq - self._next_log_line) % protocol.NUMBERS
        self._next_log_line = (frame.seq + 1) % protocol.NUMBERS
        self._on_log(frame.payload.decode("utf-8", "replace"))

    def _set_rate(self, rate: int) -> bool:
        if not self._transport.set_baud(rate):
            return False
        self.baud = rate
        return True

    def _echoes(self) -> bool:
        """Whether bytes of every kind come back as they were sent."""
        for pattern in (bytes(range(32)), b"\x55\xaa" * 16, b"\x00\xff" * 16):
            try:
                answer = self.query("testing the rate", Kind.ECHO, pattern, wait=_WAIT_FOR_RATE, timeout=1.0)
            except NoAnswerError:
                return False
            if answer.payload != pattern:
                return False
        return True

    def _until_answered(self, purpose: str, body: bytes, wait: float, timeout: float) -> Frame:
        frame = framing.encode(body)
        wait += self.wire_seconds(len(frame) + self._answer_bytes)
        started = time.monotonic()
        before = replace(self.stats)
        prompt = 0
        try:
            while True:
                self.send(frame)
                until = min(time.monotonic() + wait, started + timeout)
                answer, damage = self._listen(body, until, heed_damage=prompt < _PROMPT_RETRIES)
                if answer is not None:
                    return answer
                if time.monotonic() >= started + timeout:
                    raise self.no_answer(purpose, before, timeout)
                self.stats.retries += 1
                if damage:
                    prompt += 1
                else:
                    wait = max(wait, min(2 * wait, LONGEST_WAIT))
        finally:
            self.stats.seconds += time.monotonic() - started

    def _listen(self, body: bytes, until: float, *, heed_damage: bool) -> tuple[Frame | None, bool]:
        """The answer to the request `body`, or None and whether news of damage was why."""
        greeting = body[0] == Kind.HELLO
        while time.monotonic() < until:
            try:
                frames = self.poll(until)
            except SessionLostError:
                if greeting:
                    continue  # of the session that this greeting ends
                raise
            damage = False
            for position, frame in enumerate(frames):
                if frame is not None and protocol.answers(frame, body):
                    for later in frames[position + 1 :] if not greeting else ():
                        self.on_frame(later)
                    return frame, False
                damage |= frame is None or frame.kind == Kind.NOTICE
                if not greeting:  # which ends what others wait for
                    self.on_frame(frame)
            if damage and heed_damage:
                return None, True
        return None, False

    def _come_back(self, error: DeviceError) -> None:
        """Open the port again. Raises `error` when it stays away."""
        if self._reopen is None:
            raise error
        deadline = time.monotonic() + self.timeout
        with contextlib.suppress(OSError):
            self._transport.close()
        while True:
            time.sleep(_SECONDS_BETWEEN_OPENINGS)
            try:
                self._transport = self._reopen()
                break
            except DeviceError:
                if time.monotonic() > deadline:
                    raise error from None
        self.stats.reopened += 1
        self._deframer = framing.Deframer()
        if self.baud != self._first_baud:
            self._transport.set_baud(self.baud)


def _rate(baud: int) -> bytes:
    return baud.to_bytes(4, "little")
