"""A board at the other end of a link, as something that runs inferences."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

from edgekd.device import protocol
from edgekd.device.link import FIRST_WAIT, Link, LinkStats, RestartedError
from edgekd.device.protocol import Answer, DeviceStats, Kind, MalformedError, Status
from edgekd.device.transport import open_transport
from edgekd.errors import DeviceError, InputError

_INFERENCE_WAIT = 2.0  # seconds until the request is sent again, before the first inference tells how long one takes
_RESTARTS = 3  # of the board in the middle of one request or inference

T = TypeVar("T")


@dataclass(frozen=True)
class Inference:
    """outputs: each output tensor's bytes. ticks: of the board's counter around the model alone."""

    outputs: tuple[bytes, ...]
    ticks: int


class Device:
    """A board that answers. Made by `connect`; a context manager that closes the link. info: what it says of itself."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._longest_inference = 0.0
        self.info = link.greet()

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

    def close(self) -> None:
        """Close the link; the board goes on."""
        self._link.close()

    def infer(self, inputs: Sequence[bytes], *, timeout: float = 120.0) -> Inference:
        """One inference. inputs: the bytes of each input tensor. timeout: seconds for the request that runs it.

        A board that restarts on the way is greeted and given the inputs again. Raises InputError for inputs of
        the wrong size, DeviceError when the engine fails or no answer comes.
        """
        sizes = tuple(len(data) for data in inputs)
        if sizes != self.info.input_bytes:
            raise InputError(
                f"the board's model takes inputs of {list(self.info.input_bytes)} bytes, not {list(sizes)}"
            )
        if self.info.setup_code != 0:
            raise DeviceError(f"{self._link.name}: the engine's setup failed (code {self.info.setup_code})")
        return self._despite_restarts("running the model", lambda: self._infer(inputs, timeout))

    def stats(self) -> DeviceStats:
        """Stack figures and damaged frames, from the board."""
        purpose = "asking for figures"
        answer = self._despite_restarts(purpose, lambda: self._ask(purpose, Kind.STATS))
        return self._parse(protocol.parse_stats, answer.payload)

    def reset(self) -> None:
        """Restart the board and greet it anew. Raises DeviceError when it does not come back."""
        before = self.info.boot_nonce
        with contextlib.suppress(RestartedError):  # it has; only the answer was lost
            self._ask("restarting", Kind.RESET)
        self.info = self._link.greet()
        if self.info.boot_nonce == before:
            raise DeviceError(f"{self._link.name}: the board was told to restart and did not")

    def _despite_restarts(self, purpose: str, action: Callable[[], T]) -> T:
        """`action()`, begun again when the board restarts in the middle of it."""
        for _ in range(_RESTARTS):
            try:
                return action()
            except RestartedError:
                self._greet_again()
        raise DeviceError(
            f"{self._link.name}: {purpose}: the board restarted {_RESTARTS} times in the middle of it",
            "the stack may be too small for the model, the supply too weak, or another program uses the port",
        )

    def _greet_again(self) -> None:
        """After a restart: a new session with what must be the same firmware."""
        before = self.info
        self.info = self._link.greet()
        self.link.restarts += self.info.boot_nonce != before.boot_nonce
        if (self.info.model_sha256, self.info.build_id) != (before.model_sha256, before.build_id):
            raise DeviceError(f"{self._link.name}: the board's firmware was exchanged in the middle of the work")

    def _infer(self, inputs: Sequence[bytes], timeout: float) -> Inference:
        data = b"".join(inputs)
        if len(data) > protocol.most_payload(self.info):
            for tensor, content in enumerate(inputs):
                self._write(tensor, content)
            data = b""
        wait = max(FIRST_WAIT, 3 * self._longest_inference) if self._longest_inference else _INFERENCE_WAIT
        started = time.monotonic()
        purpose = "running the model"
        answer = self._link.exchange(purpose, Kind.INFER, data, wait=wait, timeout=timeout)
        self._longest_inference = max(self._longest_inference, time.monotonic() - started)
        if answer.status != Status.ENGINE_FAILED:
            self._link.require_done(answer, purpose)
        ticks, code, tensors = self._parse(protocol.parse_infer, answer.payload)
        if answer.status == Status.ENGINE_FAILED:
            raise DeviceError(f"{self._link.name}: the engine failed on the board (code {code})")
        return Inference(self._outputs(tensors), ticks)

    def _write(self, tensor: int, data: bytes) -> None:
        piece = protocol.most_payload(self.info) - protocol.WRITE_HEAD
        for offset in range(0, len(data), piece):
            self._ask("writing an input", Kind.WRITE, protocol.write(tensor, offset, data[offset : offset + piece]))

    def _outputs(self, carried: bytes) -> tuple[bytes, ...]:
        """The output tensors: carried by INFER's answer, or fetched."""
        sizes = self.info.output_bytes
        if not protocol.outputs_fit(self.info):
            return tuple(self._read(len(self.info.input_bytes) + n, size) for n, size in enumerate(sizes))
        self._require_length(carried, sum(sizes))
        ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
        return tuple(carried[end - size : end] for end, size in zip(ends, sizes, strict=True))

    def _read(self, tensor: int, size: int) -> bytes:
        piece = protocol.most_payload(self.info)
        data = bytearray()
        for offset in range(0, size, piece):
            length = min(piece, size - offset)
            answer = self._ask("reading an output", Kind.READ, protocol.read(tensor, offset, length))
            self._require_length(answer.payload, length)
            data += answer.payload
        return bytes(data)

    def _ask(self, purpose: str, kind: Kind, payload: bytes = b"") -> Answer:
        answer = self._link.exchange(purpose, kind, payload)
        self._link.require_done(answer, purpose)
        return answer

    def _parse(self, parser: Callable[[bytes], T], payload: bytes) -> T:
        try:
            return parser(payload)
        except MalformedError as error:
            raise self._link.malformed(error) from None

    def _require_length(self, data: bytes, length: int) -> None:
        if len(data) != length:
            raise self._link.malformed(MalformedError(f"the board sent {len(data)} bytes of output, not {length}"))


def connect(url: str, *, baud: int = 115_200, timeout: float = 10.0) -> Device:
    """Open `url` (see transport.open_transport) and greet the board.

    timeout: seconds for each request but an inference; covers a board that restarts when its port is opened.
    Raises DeviceError that says what came and what to try.
    """
    link = Link(open_transport(url, baud), name=url, baud=baud, timeout=timeout)
    try:
        return Device(link)
    except BaseException:
        link.close()
        raise
