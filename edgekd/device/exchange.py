"""Samples to the board and results back, in one session: keeps the line full, finds out what was lost.

PROTOCOL.md, "Samples and results", is what this does; window.py knows which frames are under way.
"""

from __future__ import annotations

import time
from dataclasses import replace

from edgekd.device import framing, protocol
from edgekd.device.link import FIRST_WAIT, LONGEST_WAIT, Link, SessionLostError
from edgekd.device.protocol import DeviceInfo, Frame, Kind, MalformedError, ResultMessage, Status
from edgekd.device.window import Receiver, Sender
from edgekd.errors import DeviceError

_FIRST_INFERENCE_WAIT = 2.0  # seconds of silence, before the first inference tells how long one takes
_FADE = 0.9  # of a long one with each that is shorter: this machine may just have been busy
_LEAST_WAIT = 0.1  # after it: asking in vain costs a frame of 15 bytes


class Exchange:
    """A session's samples. longest_inference: seconds, of the last ones, 0.0 until known; carried on from one session
    to the next."""

    def __init__(self, link: Link, info: DeviceInfo, *, longest_inference: float = 0.0, prefetch: bool = True) -> None:
        self.longest_inference = longest_inference
        self.is_abandoned = False
        self._link = link
        self._info = info
        self._sender = Sender(info, link.session, link.baud)
        self._sender.prefetch = prefetch
        self._receiver = Receiver(info)
        self._results: list[ResultMessage] = []
        self._outstanding = 0  # samples begun, without a result
        self._sync = _Sync()
        self._heard = time.monotonic()  # or written, whichever was last
        self._wait = 0.0  # seconds of silence before asking; 0: as long as usual
        self._quiet_since: float | None = None  # a result came or the line was idle, and nothing was lost since
        self._moved()
        link.on_frame = self._take

    @property
    def prefetch(self) -> bool:
        """Whether bytes are sent while the board runs a sample."""
        return self._sender.prefetch

    @prefetch.setter
    def prefetch(self, on: bool) -> None:
        self._sender.prefetch = on

    def abandon(self) -> None:
        """What is under way is not wanted any more: the next to use the link must begin a session."""
        self._link.on_frame = lambda frame: None
        self.is_abandoned = True

    @property
    def can_begin(self) -> bool:
        """Whether another sample may be added."""
        return self._outstanding < self._info.results and self._sender.wants_more

    def add(self, message: bytes) -> None:
        """Begin a sample (protocol.sample_message). Only when can_begin."""
        if self._outstanding == 0:
            self._moved()
            self._heard = self._quiet_since = self._progress
        self._outstanding += 1
        self._sender.add(message, self._receiver.expected)

    def step(self, timeout: float) -> list[ResultMessage]:
        """Write what is due, wait for what comes next, and act on it: the results that are complete, in order.

        Raises SessionLostError; DeviceError when the board refuses, or when nothing moved for `timeout` seconds.
        """
        started = time.monotonic()
        try:
            self._write()
            if not self._results:
                for frame in self._link.poll(min(self._heard + self._patience(), self._progress + timeout)):
                    self._take(frame)
            if not self._results:
                self._mind_silence(timeout)
            results, self._results = self._results, []
            return results
        finally:
            self._link.stats.seconds += time.monotonic() - started

    def _mind_silence(self, timeout: float) -> None:
        now = time.monotonic()
        if now >= self._progress + timeout:
            raise self._link.no_answer("running the model", self._before, timeout)
        if now >= self._heard + self._patience():
            self._wait = min(2 * self._usual_wait(), LONGEST_WAIT)
            self._link.stats.retries += 1
            self._ask(send_again=True, pause=True)

    def _moved(self) -> None:
        self._progress = time.monotonic()
        self._before = replace(self._link.stats)
        self._wait = 0.0

    def _write(self) -> None:
        if not self._sync.pauses and (due := self._sender.take()):
            self._link.send(due)
            self._heard = time.monotonic()

    def _usual_wait(self) -> float:
        if self._wait:
            return self._wait
        if self.longest_inference:
            return max(_LEAST_WAIT, 3 * self.longest_inference)
        return _FIRST_INFERENCE_WAIT if self._sender.makes_run else FIRST_WAIT

    def _patience(self) -> float:
        """Seconds of silence until something must have been lost."""
        return self._usual_wait() + self._link.wire_seconds(self._sender.bytes_under_way + self._info.frame_bytes)

    def _ask(self, *, send_again: bool, pause: bool) -> None:
        """Ask what has arrived."""
        self._quiet_since = None
        self._sender.interrupt()
        flags = protocol.SEND_AGAIN if send_again else 0
        payload = protocol.numbered(self._receiver.expected)
        self._sync = _Sync(
            number=(self._sync.number + 1) % protocol.NUMBERS,
            position=self._sender.position,
            waits=True,
            send_again=send_again or (self._sync.waits and self._sync.send_again),
            pauses=pause or self._sync.pauses,
        )
        body = protocol.request(Kind.SYNC, self._sync.number, self._link.session, payload, flags=flags)
        self._link.send(framing.encode(body))
        self._heard = time.monotonic()

    def _take(self, frame: Frame | None) -> None:
        if not self._outstanding:
            return
        if frame is None:
            if not (self._sync.waits and self._sync.send_again):
                self._ask(send_again=True, pause=False)
            return
        if frame.session != self._link.session:
            return
        try:
            self._act(frame)
        except MalformedError as error:
            raise self._link.malformed(error) from None

    def _act(self, frame: Frame) -> None:
        self._heard = time.monotonic()
        if frame.kind == Kind.RESULT:
            self._take_result(frame)
        elif frame.kind == Kind.ACK:
            self._take_acknowledgement(frame)
        elif frame.kind == Kind.SYNC_ANSWER and frame.seq == self._sync.number and self._sync.waits:
            self._take_sync_answer(frame)
        elif frame.kind == Kind.NOTICE:
            self._ask(send_again=False, pause=True)

    def _advance(self, expected: int) -> None:
        if self._sender.acknowledge(expected):
            self._moved()

    def _take_acknowledgement(self, frame: Frame) -> None:
        if frame.status == Status.SAMPLE_DAMAGED:
            raise SessionLostError
        if frame.status not in (Status.DONE, Status.GAP):
            raise DeviceError(f"{self._link.name}: running the model: the board refused ({frame.status_name})")
        expected, _ = protocol.parse_numbered(frame.payload)
        self._advance(expected)
        if frame.status == Status.GAP:
            self._ask(send_again=False, pause=True)

    def _take_sync_answer(self, frame: Frame) -> None:
        expected, made = protocol.parse_sync_answer(frame.payload)
        position = self._sync.position
        self._sync = _Sync(number=self._sync.number)
        self._advance(expected)
        if (position - expected) % protocol.NUMBERS:
            self._link.stats.retries += self._sender.go_back()
        if not self._receiver.is_next(made):
            self._ask(send_again=True, pause=False)

    def _take_result(self, frame: Frame) -> None:
        expected, piece = protocol.parse_numbered(frame.payload)
        self._advance(expected)
        if not self._receiver.is_next(frame.seq):
            if self._receiver.is_gap(frame.seq) and not (self._sync.waits and self._sync.send_again):
                self._ask(send_again=True, pause=False)
            return
        self._moved()
        message = self._receiver.add(piece)
        if message is None:
            return
        try:
            self._results.append(protocol.parse_result(message, self._info))
        except MalformedError:
            raise SessionLostError from None  # what slipped through the frames' checksums: run it again
        self._outstanding -= 1
        self._measure()

    def _measure(self) -> None:
        """How long an inference takes, as seen from here, unless losses on the way blur it."""
        now = time.monotonic()
        if self._quiet_since is not None:
            self.longest_inference = max(now - self._quiet_since, _FADE * self.longest_inference)
        self._quiet_since = now


class _Sync:
    """A question what has arrived: its number, the number of the next input frame when it was asked, whether its answer
    is awaited, whether results are sent again for it, whether no more input is sent before."""

    def __init__(
        self,
        number: int = 0,
        position: int = 0,
        *,
        waits: bool = False,
        send_again: bool = False,
        pauses: bool = False,
    ) -> None:
        self.number = number
        self.position = position
        self.waits = waits
        self.send_again = send_again
        self.pauses = pauses
