"""The host's side of MLPerf Tiny's serial protocol, to the letter of firmware/runtime/MLPERF.md.

For firmware made by `edgekd deploy --protocol mlperf`, or whoever else speaks it:

    with connect_mlperf("/dev/ttyACM0") as dut:
        dut.load(features)
        print(dut.infer(count=100, warmups=10))

Whatever the protocol does not allow is a DeviceError, and so is an error that the board tells of.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from edgekd.device.transport import Transport, open_transport
from edgekd.errors import DeviceError

LONGEST_COMMAND = 80
_BYTES_A_COMMAND = 31  # of `db`, as the benchmark's runner sends
_RESULTS = r"m-results-\[(-?\d+\.\d{3}(?:,-?\d+\.\d{3})*)\]"
_GREETING_SECONDS = 1.0  # until a board that is starting is asked again
_QUIET_SECONDS = 0.1


@dataclass(frozen=True)
class Inferences:
    """results: numbers of the last inference. microseconds: the board's own, of all `count` together."""

    results: tuple[float, ...]
    count: int
    microseconds: int

    @property
    def per_second(self) -> float:
        return self.count * 1e6 / self.microseconds


class MlperfDevice:
    """A board that speaks the protocol. timeout: seconds for a command's whole answer, but an inference's.

    name, benchmark: what the board calls itself ("mps2-an386") and its benchmark ("kws01").
    """

    def __init__(self, transport: Transport, url: str, timeout: float = 5.0) -> None:
        self._transport = transport
        self._url = url
        self._timeout = timeout
        self._waiting = b""
        self.name = self._greet()
        profile = self._ask("profile", r"m-profile-\[[^]]+\]", r"m-model-\[([^]]+)\]")
        self.benchmark = profile[-1]

    def load(self, data: bytes) -> None:
        """Send an input: all the bytes the benchmark wants of a sample."""
        self._ask(f"db load {len(data)}", rf"m-\[Expecting {len(data)} bytes\]")
        for start in range(0, len(data), _BYTES_A_COMMAND):
            piece = data[start : start + _BYTES_A_COMMAND]
            last = start + len(piece) == len(data)
            self._ask(f"db {piece.hex()}", *(["m-load-done"] if last else []))

    def loaded(self) -> bytes:
        """The input as the board has it."""
        lines = self.command("db print")
        text = "".join(self._match("db print", r"m-buffer-((?:[0-9a-f]{2}-?)+)", line) for line in lines)
        return bytes.fromhex(text.replace("-", ""))

    def infer(self, count: int = 1, warmups: int = 0, timeout: float = 60.0) -> Inferences:
        """Run `warmups` inferences unmeasured, then `count`. timeout: seconds for all of them."""
        told = self._ask(
            f"infer {count} {warmups}",
            f"m-warmup-start-{warmups}",
            "m-warmup-done",
            f"m-infer-start-{count}",
            r"m-lap-us-(\d+)",
            r"m-lap-us-(\d+)",
            "m-infer-done",
            _RESULTS,
            timeout=timeout,
        )
        return Inferences(_numbers(told[6]), count, int(told[4]) - int(told[3]))

    def results(self) -> tuple[float, ...]:
        """Those of the last inference again."""
        return _numbers(self._ask("results", _RESULTS)[0])

    def timestamp(self) -> int:
        """Microseconds since the board started."""
        return int(self._ask("timestamp", r"m-lap-us-(\d+)")[0])

    def command(self, text: str, timeout: float | None = None) -> list[str]:
        """Send a command (without %) and return the lines before m-ready. Raises DeviceError for an error in them."""
        if len(text) > LONGEST_COMMAND or "%" in text:
            raise ValueError(f"not a command of the protocol: {text!r}")
        self._transport.write(text.encode("ascii") + b"%")
        deadline = time.monotonic() + (self._timeout if timeout is None else timeout)
        lines = []
        while (line := self._line(deadline, text)) != "m-ready":
            lines.append(line)
        errors = [line for line in lines if line.startswith("e-")]
        if errors:
            raise DeviceError(f"{self._url}: to {text[:20]!r} the board says {errors[0]}")
        return lines

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> MlperfDevice:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _greet(self) -> str:
        """The board's name; what it says before, at its start or to another host, is passed over."""
        deadline = time.monotonic() + self._timeout
        heard = b""
        while time.monotonic() < deadline:
            self._transport.write(b"%name%")  # the first % ends what may be left of a command
            until = min(deadline, time.monotonic() + _GREETING_SECONDS)
            while time.monotonic() < until:
                heard += self._transport.read(_QUIET_SECONDS)
                found = re.search(rb"m-name-dut-\[([^]\r\n]+)\]\r\nm-ready\r\n", heard)
                if found:
                    while self._transport.read(_QUIET_SECONDS):
                        pass
                    return found[1].decode("ascii", "replace")
        raise DeviceError(
            f"{self._url}: nothing here speaks MLPerf Tiny's protocol"
            + (f"; it said {heard[-60:]!r}" if heard else ""),
            "deploy with --protocol mlperf, and check port and baud rate",
        )

    def _ask(self, text: str, *patterns: str, timeout: float | None = None) -> list[str]:
        """What each pattern's group found, "" for one without, in just as many lines."""
        lines = self.command(text, timeout)
        if len(lines) != len(patterns):
            raise DeviceError(
                f"{self._url}: {len(lines)} lines and not {len(patterns)} came for {text[:20]!r}: {lines}"
            )
        return [self._match(text, pattern, line) for pattern, line in zip(patterns, lines, strict=True)]

    def _match(self, text: str, pattern: str, line: str) -> str:
        found = re.fullmatch(pattern, line)
        if found is None:
            raise DeviceError(f"{self._url}: {line!r} is no answer to {text[:20]!r}")
        return found[1] if found.re.groups else ""

    def _line(self, deadline: float, text: str) -> str:
        while b"\r\n" not in self._waiting:
            left = deadline - time.monotonic()
            if left <= 0:
                raise DeviceError(f"{self._url}: no m-ready came for {text[:20]!r}; last: {self._waiting[-60:]!r}")
            self._waiting += self._transport.read(min(left, 1.0))
        line, _, self._waiting = self._waiting.partition(b"\r\n")
        return line.decode("ascii", "replace")


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(number) for number in text.split(","))


def connect_mlperf(url: str, *, baud: int = 115_200, timeout: float = 5.0) -> MlperfDevice:
    """Open `url` (see transport.open_transport) and ask who is there. Raises DeviceError."""
    transport = open_transport(url, baud)
    try:
        return MlperfDevice(transport, url, timeout)
    except BaseException:
        transport.close()
        raise


def top_1(device: MlperfDevice, samples: Sequence[bytes]) -> list[int]:
    """Accuracy mode: the class of the highest score of each sample, the first of equals."""
    classes = []
    for sample in samples:
        device.load(sample)
        results = device.infer().results
        classes.append(results.index(max(results)))
    return classes


def throughput(device: MlperfDevice, samples: Sequence[bytes], count: int, warmups: int) -> float:
    """Performance mode: the median over the samples of inferences a second. The benchmark takes five samples, and as
    many inferences of each as take at least ten seconds."""
    rates = []
    for sample in samples:
        device.load(sample)
        rates.append(device.infer(count, warmups).per_second)
    return statistics.median(rates)
