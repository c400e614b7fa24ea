"""A board at the other end of a link, as something that runs inferences."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

from edgekd.device import protocol
from edgekd.device.exchange import Exchange
from edgekd.device.link import Link, LinkStats, SessionLostError
from edgekd.device.protocol import DeviceStats, Frame, Kind, MalformedError, ResultMessage
from edgekd.device.transport import Transport, open_transport
from edgekd.device.watch import Pushed
from edgekd.errors import DeviceError, InputError

_RESTARTS = 3  # of the board without a result in between
_SAMPLE_NUMBERS = 1 << 32

T = TypeVar("T")


@dataclass(frozen=True)
class Inference:
    """outputs: each output tensor's bytes. ticks: of the board's counter around the model alone."""

    outputs: tuple[bytes, ...]
    ticks: int


@dataclass(frozen=True)
class Result(Inference):
    """An inference of a stream. index: of its sample, from 0."""

    index: int


@dataclass
class _Sample:
    """A sample without a result. number: on the wire."""

    index: int
    number: int
    message: bytes


class Device:
    """A board that answers. Made by `connect`; a context manager that closes the link. info: what it says of itself."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._next_sample = 0
        self._streaming = False
        self._baud = link.baud
        self.info = link.greet()
        self._exchange = Exchange(link, self.info)

    def __enter__(self) -> Device:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def link(self) -> LinkStats:
        """What the link carried so far."""
        return self._link.stats

    @property
    def baud(self) -> int | None:
        """Bits a second that the line runs at; None where it has no rate, as TCP."""
        return self._link.rate

    def close(self) -> None:
        """Close the link; the board goes on."""
        self._link.close()

    def infer(self, inputs: Sequence[bytes], *, timeout: float = 120.0) -> Inference:
        """One inference. inputs: the bytes of each input tensor. timeout: seconds in which something must move.

        A board that restarts on the way is greeted and given the inputs again. Raises InputError for inputs of
        the wrong size, DeviceError when the engine fails or no answer comes.
        """
        (result,) = self.stream([inputs], timeout=timeout)
        return Inference(result.outputs, result.ticks)

    def stream(
        self,
        samples: Iterable[Sequence[bytes]],
        *,
        timeout: float = 120.0,
        stateful: bool = False,
        prefetch: bool = True,
    ) -> Generator[Result, None, None]:
        """Inferences one after the other, as fast as line and board allow: the results, in the order of the samples.

        samples: the bytes of each input tensor; taken a few ahead of the results. timeout: seconds in which something
        must move. stateful: each inference builds on those before. A board that restarts on the way is greeted and
        given again whatever has no result yet; if stateful, that is an error. prefetch: send the next samples while the
        board computes, which fills the line; receiving them is then part of what ticks count, a few dozen cycles a
        byte. Without it nothing is sent meanwhile, and ticks are exact. Raises InputError for inputs of the wrong size,
        DeviceError when the engine fails or no answer comes; one stream at a time.
        """
        if self._streaming:
            raise InputError("the board is streaming already", "end that first: read its results, or close() it")
        if self.info.setup_code != 0:
            raise DeviceError(f"{self._link.name}: the engine's setup failed (code {self.info.setup_code})")
        if self._exchange.is_abandoned:
            self._begin_session()
        self._streaming = True
        self._exchange.prefetch = prefetch
        begun: deque[_Sample] = deque()
        try:
            yield from self._stream(enumerate(samples), begun, timeout, stateful)
        finally:
            self._streaming = False
            if begun:  # left in the middle: the board is to forget it
                self._exchange.abandon()

    def stats(self) -> DeviceStats:
        """Stack figures and damaged frames, from the board."""
        return self._parse(protocol.parse_stats, self._query("asking for figures", Kind.STATS).payload)

    def reset(self) -> None:
        """Restart the board and greet it anew. Raises DeviceError when it does not come back."""
        before = self.info.boot_nonce
        with contextlib.suppress(SessionLostError):  # it has; only the answer was lost
            self._link.require_done(self._link.query("restarting", Kind.RESET), "restarting")
        self._begin_session()
        if self.info.boot_nonce == before:
            raise DeviceError(f"{self._link.name}: the board was told to restart and did not")

    def raise_baud(self, rate: int) -> bool:
        """Run the line at `rate` bits a second: whether it does now. Kept over restarts of the board.

        Asks the board, changes, and tries with bytes of every kind; what does not come back right ends at the rate of
        before. False, too, for a board or a way that has only one.
        """
        if not self.info.can_change_baud:
            return False
        works = self._despite_restarts("changing the rate", lambda: self._link.change_baud(rate))
        self._baud = self._link.baud
        return works

    def watch(self, *, timeout: float = 120.0) -> Generator[Result, None, None]:
        """Results of the board's own samples (a sensor's, or stored ones), as it pushes them, until closed.

        index: the board's count of them. They are not sent again: what is lost on the way leaves a hole in the indices
        and is counted in link.pushes_lost. timeout: seconds in which one must come. Raises DeviceError for a board
        without samples, when the engine fails, when none comes.
        """
        if not self.info.has_source:
            raise DeviceError(
                f"{self._link.name}: the board has no samples of its own",
                "firmware with some defines edgekd_source_next(): firmware/runtime/source.h",
            )
        if self._streaming:
            raise InputError("the board is streaming already", "end that first: read its results, or close() it")
        self._begin_session()  # in which nothing is under way: the board's own samples need its tensors
        pushed = Pushed(self.info, self._link)
        purpose = "watching the board"
        self._link.on_frame = pushed.take
        try:
            self._link.require_done(self._query(purpose, Kind.WATCH, b"\1"), purpose)
            deadline = time.monotonic() + timeout
            while True:
                for message in pushed.next_ones(deadline):
                    yield self._result(message, message.sample)
                    deadline = time.monotonic() + timeout
        finally:
            with contextlib.suppress(DeviceError, SessionLostError):
                self._link.query(purpose, Kind.WATCH, b"\0")
            self._begin_session()

    def _stream(
        self, source: Iterator[tuple[int, Sequence[bytes]]], begun: deque[_Sample], timeout: float, stateful: bool
    ) -> Generator[Result, None, None]:
        restarts = sent = 0  # sent: of begun, in this session
        more = True
        while True:
            try:
                while self._exchange.can_begin and (sent < len(begun) or more):
                    if sent == len(begun):
                        taken = next(source, None)
                        if taken is None:
                            more = False
                            break
                        begun.append(self._sample(*taken))
                    self._exchange.add(begun[sent].message)
                    sent += 1
                if not begun:
                    return
                for message in self._exchange.step(timeout):
                    if message.sample != begun[0].number:
                        raise DeviceError(f"{self._link.name}: the board answered another sample than it was asked")
                    index = begun.popleft().index
                    sent -= 1
                    restarts = 0
                    yield self._result(message, index)
            except SessionLostError:
                restarts += 1
                self._restarted(restarts, "running the model", stateful=stateful)
                sent = 0

    def _sample(self, index: int, inputs: Sequence[bytes]) -> _Sample:
        sizes = tuple(len(data) for data in inputs)
        if sizes != self.info.input_bytes:
            raise InputError(
                f"the board's model takes inputs of {list(self.info.input_bytes)} bytes, not {list(sizes)}"
            )
        number = self._next_sample
        self._next_sample = (number + 1) % _SAMPLE_NUMBERS
        return _Sample(index, number, protocol.sample_message(number, inputs))

    def _result(self, message: ResultMessage, index: int) -> Result:
        if message.code != 0:
            raise DeviceError(f"{self._link.name}: the engine failed on the board (code {message.code})")
        return Result(message.outputs, message.ticks, index)

    def _query(self, purpose: str, kind: Kind, payload: bytes = b"") -> Frame:
        answer = self._despite_restarts(purpose, lambda: self._link.query(purpose, kind, payload))
        self._link.require_done(answer, purpose)
        return answer

    def _despite_restarts(self, purpose: str, action: Callable[[], T]) -> T:
        """`action()`, begun again when the board restarts in the middle of it."""
        restarts = 0
        while True:
            try:
                return action()
            except SessionLostError:
                restarts += 1
                self._restarted(restarts, purpose)

    def _restarted(self, restarts: int, purpose: str, *, stateful: bool = False) -> None:
        """Greet what must be the same firmware again."""
        if restarts > _RESTARTS - 1:
            self._begin_session()
            raise DeviceError(
                f"{self._link.name}: {purpose}: the board restarted {_RESTARTS} times in the middle of it",
                "the stack may be too small for the model, the supply too weak, or another program uses the port",
            )
        before = self.info
        self._begin_session()
        self.link.restarts += self.info.boot_nonce != before.boot_nonce
        if (self.info.model_sha256, self.info.build_id) != (before.model_sha256, before.build_id):
            raise DeviceError(f"{self._link.name}: the board's firmware was exchanged in the middle of the work")
        if stateful:
            raise DeviceError(
                f"{self._link.name}: the board restarted on the way and lost the state of the model",
                "look at the supply and the stack, then run it again: samples build on those before them",
            )

    def _begin_session(self) -> None:
        self.info = self._link.greet()
        if self._link.baud != self._baud:  # a board that restarted is back at the rate it starts with
            with contextlib.suppress(SessionLostError):
                self._link.change_baud(self._baud)
        before = self._exchange
        self._exchange = Exchange(
            self._link, self.info, longest_inference=before.longest_inference, prefetch=before.prefetch
        )

    def _parse(self, parser: Callable[[bytes], T], payload: bytes) -> T:
        try:
            return parser(payload)
        except MalformedError as error:
            raise self._link.malformed(error) from None


def connect(
    url: str, *, baud: int = 115_200, timeout: float = 10.0, on_log: Callable[[str], None] | None = None
) -> Device:
    """Open `url` (see transport.open_transport) and greet the board.

    timeout: seconds for each request but an inference; covers a board that restarts when its port is opened, and a port
    that goes away and comes back. on_log: told each line that the board logs; without it the logger "edgekd.board" is.
    Raises DeviceError that says what came and what to try.
    """

    def reopen() -> Transport:
        return open_transport(url, baud)

    link = Link(reopen(), name=url, baud=baud, timeout=timeout, reopen=reopen, on_log=on_log)
    try:
        return Device(link)
    except BaseException:
        link.close()
        raise
