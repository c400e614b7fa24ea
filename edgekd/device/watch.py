"""Results that the board pushes (PROTOCOL.md, "Watching")."""

from __future__ import annotations

import time
from dataclasses import replace

from edgekd.device import protocol
from edgekd.device.link import Link, SessionLostError
from edgekd.device.protocol import DeviceInfo, Frame, Kind, MalformedError, ResultMessage
from edgekd.errors import DeviceError


class Pushed:
    """Puts pushed results together and counts those that were lost on the way."""

    def __init__(self, info: DeviceInfo, link: Link) -> None:
        self._info = info
        self._link = link
        self._message = bytearray()
        self._parts: tuple[int, int] = (0, 0)  # (seq, part) that is expected
        self._next: int | None = None  # sample
        self._results: list[ResultMessage] = []

    def next_ones(self, deadline: float) -> list[ResultMessage]:
        """The next results, at least one. Raises DeviceError when none comes before time.monotonic() is `deadline`."""
        before = replace(self._link.stats)
        started = time.monotonic()
        while not self._results:
            if time.monotonic() >= deadline:
                raise self._link.no_answer("watching the board", before, deadline - started)
            try:
                for frame in self._link.poll(deadline):
                    self.take(frame)
            except SessionLostError:
                raise DeviceError(f"{self._link.name}: the board restarted while it was watched") from None
        results, self._results = self._results, []
        return results

    def take(self, frame: Frame | None) -> None:
        """Every frame that comes."""
        if frame is None or frame.kind != Kind.PUSH or frame.session != self._link.session:
            return
        try:
            part, piece = protocol.parse_numbered(frame.payload)
            if part == 0:
                self._message.clear()
            elif (frame.seq, part) != self._parts:
                return  # what came before is lost, and so is the rest
            self._parts = frame.seq, part + 1
            self._message += piece
            if len(self._message) >= self._info.result_bytes:
                self._complete(protocol.parse_result(bytes(self._message), self._info))
        except MalformedError as error:
            raise self._link.malformed(error) from None

    def _complete(self, result: ResultMessage) -> None:
        if self._next is not None:
            self._link.stats.pushes_lost += result.sample - self._next
        self._next = result.sample + 1
        self._results.append(result)
