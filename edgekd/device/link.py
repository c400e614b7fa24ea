"""One request at a time over a link that may lose, damage or repeat bytes, to a board that may restart."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, replace
from enum import Enum

from edgekd.device import framing, protocol
from edgekd.device.protocol import Answer, DeviceInfo, Kind, MalformedError, Status
from edgekd.device.transport import Transport
from edgekd.errors import DeviceError

FIRST_WAIT = 0.5  # seconds until a request is sent again; doubles each time
_LONGEST_WAIT = 8.0
_GREETING_WAIT = 0.3  # short: a board that has just been opened may still be starting
_PROMPT_RETRIES = 20  # of one request on news of damage, before waits apply again
_BITS_PER_BYTE = 10  # on a serial line: start, eight, stop
_GREETING_BYTES = 256


@dataclass
class LinkStats:
    """What the link carried so far. retries: requests sent again. damaged: frames that came with a wrong checksum.
    restarts: of the board, seen in the middle of something. seconds: spent in requests."""

    bytes_sent: int = 0
    bytes_received: int = 0
    retries: int = 0
    damaged: int = 0
    restarts: int = 0
    seconds: float = 0.0


class RestartedError(Exception):
    """The board does not know this session: it has restarted since, or another host greeted it."""


class _News(Enum):
    SILENCE = "nothing came in time"
    DAMAGE = "the request or its answer was damaged on the way"


class Link:
    """Sends requests until they are answered. stats: what was carried. name: of the port, for messages."""

    def __init__(self, transport: Transport, *, name: str, baud: int, timeout: float) -> None:
        self.stats = LinkStats()
        self.name = name
        self._transport = transport
        self._baud = baud
        self._timeout = timeout
        self._deframer = framing.Deframer()
        self._session = 0
        self._seq = 0
        self._answer_bytes = _GREETING_BYTES

    def close(self) -> None:
        self._transport.close()

    def greet(self) -> DeviceInfo:
        """Begin a session. Raises DeviceError when nothing that speaks this protocol answers."""
        body = protocol.hello(secrets.randbits(64))
        answer = self._send_until_answered("greeting", body, _GREETING_WAIT, self._timeout)
        self.require_done(answer, "greeting")
        try:
            version = protocol.greeting_version(answer.payload)
            if version != protocol.VERSION:
                raise MalformedError(f"the board speaks version {version} of the protocol, not {protocol.VERSION}")
            info = protocol.parse_hello(answer.payload)
        except MalformedError as error:
            raise self.malformed(error) from None
        self._session, self._seq = answer.session, 0
        self._answer_bytes = info.frame_bytes
        return info

    def exchange(
        self, purpose: str, kind: Kind, payload: bytes = b"", *, wait: float = FIRST_WAIT, timeout: float | None = None
    ) -> Answer:
        """One request, run once, and its answer, whatever its status.

        purpose: for messages ("running the model"). wait: seconds until it is sent again, without the time on the
        wire. timeout: seconds for all of it. Raises RestartedError; DeviceError when no answer comes.
        """
        seq = (self._seq + 1) & 0xFFFF
        body = protocol.request(kind, seq, self._session, payload)
        answer = self._send_until_answered(purpose, body, wait, timeout or self._timeout)
        if answer.status == Status.NOT_GREETED:
            raise RestartedError
        self._seq = seq
        return answer

    def require_done(self, answer: Answer, purpose: str) -> None:
        """Raises DeviceError unless the board did what it was asked."""
        if answer.status != Status.DONE:
            name = Status(answer.status).name if answer.status in list(Status) else "unknown"
            raise DeviceError(f"{self.name}: {purpose}: the board refused ({name}, status {answer.status})")

    def malformed(self, error: MalformedError) -> DeviceError:
        return DeviceError(f"{self.name}: {error}", "the board runs another version of edgekd: deploy the model again")

    def _send_until_answered(self, purpose: str, body: bytes, wait: float, timeout: float) -> Answer:
        frame = framing.encode(body)
        wait += (len(frame) + self._answer_bytes) * _BITS_PER_BYTE / self._baud
        started = time.monotonic()
        before = replace(self.stats)
        prompt = 0
        try:
            while True:
                self._transport.write(frame)
                self.stats.bytes_sent += len(frame)
                until = min(time.monotonic() + wait, started + timeout)
                heard = self._listen(body, until, heed_damage=prompt < _PROMPT_RETRIES)
                if isinstance(heard, Answer):
                    return heard
                if time.monotonic() >= started + timeout:
                    raise self._no_answer(purpose, before, timeout)
                self.stats.retries += 1
                if heard is _News.DAMAGE:
                    prompt += 1
                else:
                    wait = max(wait, min(2 * wait, _LONGEST_WAIT))
        finally:
            self.stats.seconds += time.monotonic() - started

    def _listen(self, body: bytes, until: float, *, heed_damage: bool) -> Answer | _News:
        """Wait for the answer to the request `body`; everything else that comes is an echo, or damage."""
        while (left := until - time.monotonic()) > 0:
            data = self._transport.read(left)
            self.stats.bytes_received += len(data)
            damage = False
            for frame in self._deframer.feed(data):
                answer = protocol.parse_answer(frame) if frame is not None else None
                if answer is not None and protocol.answers(answer, body):
                    return answer
                self.stats.damaged += frame is None
                damage |= frame is None or (answer is not None and answer.is_damage_notice)
            if damage and heed_damage:
                return _News.DAMAGE
        return _News.SILENCE

    def _no_answer(self, purpose: str, before: LinkStats, timeout: float) -> DeviceError:
        received = self.stats.bytes_received - before.bytes_received
        message = f"{self.name}: {purpose}: no answer from the board within {timeout:.0f} s"
        if received == 0:
            return DeviceError(
                message,
                "not a single byte came: is it the right port, and is the board running edgekd's firmware?",
                "put it there with: edgekd deploy MODEL.tflite --board BOARD --port PORT",
            )
        damaged = self.stats.damaged - before.damaged
        return DeviceError(
            message,
            f"{received} bytes came, {damaged} damaged frames among them, but not the answer",
            f"the baud rate may be wrong (here {self._baud}), or other firmware runs on the board",
        )
