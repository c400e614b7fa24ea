"""The boards that a storm is let loose on, and what each must answer."""

from __future__ import annotations

import contextlib
import random
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from host_board import board_on_tcp, build_board
from small_models import classifier

from edgekd.convert import tflm
from edgekd.device.emulator import Emulator
from edgekd.device.proxy import Proxy, Spoiler, Way
from edgekd.errors import InputError
from edgekd.firmware import deploy_cached
from edgekd.firmware.board import load_board

HOST = "firmware built for this machine"

Sample = list[bytes]
Running = contextlib.AbstractContextManager[tuple[Callable[[], None], str]]


@dataclass(frozen=True)
class Subject:
    """name: of the board. running: the board behind a line with these faults; its reset button and its URL.
    sample, answer: inputs by number, and what the first output must be. sample_bytes: of a sample's inputs.
    programs: on PATH, that built it and run it. prefetch: see Device.stream."""

    name: str
    programs: tuple[str, ...]
    prefetch: bool
    running: Callable[[Spoiler, Spoiler], Running]
    sample: Callable[[int], Sample]
    answer: Callable[[int], bytes]
    sample_bytes: int


def toy_sample(seed: int) -> Sample:
    """Random inputs that ask the engine for nothing but the answer."""
    chance = random.Random(seed)
    return [bytes([chance.randrange(100)]) + chance.randbytes(99), chance.randbytes(3)]


def toy_answer(seed: int) -> bytes:
    a, b = toy_sample(seed)
    return bytes((value + b[i % len(b)]) % 256 for i, value in enumerate(a))


def host_subject(program: Path) -> Subject:
    """The firmware built for this machine with the sanitizers, its engine one whose answers the host can work out
    (tests/firmware/runtime/host/toy_engine.c)."""

    @contextlib.contextmanager
    def running(to_board: Spoiler, to_host: Spoiler) -> Iterator[tuple[Callable[[], None], str]]:
        with board_on_tcp(program, to_board, to_host) as (board, url):
            yield board.restart, url

    return Subject(HOST, ("gcc",), True, running, toy_sample, toy_answer, sum(map(len, toy_sample(0))))


def emulated_subject(name: str, folder: Path, inferences: int, seed: int) -> Subject:
    """The image of a board in QEMU with a small classifier (tests/small_models.py), whose answers to seeded noise must
    be those of TensorFlow Lite Micro. folder: for files as long as the board runs."""
    board = load_board(name)
    if board.emulator is None or not board.emulator.program.startswith("qemu"):
        raise InputError(f"board {name} has no reset button here", "name one that QEMU emulates: edgekd boards")
    model = folder / "classifier.tflite"
    model.write_bytes(classifier())
    x = np.random.default_rng(seed).integers(-128, 128, (inferences, 1, 8, 8, 3), dtype=np.int8)
    expected = tflm.run_batch(model, x)
    elf = deploy_cached(model, board).elf

    @contextlib.contextmanager
    def running(to_board: Spoiler, to_host: Spoiler) -> Iterator[tuple[Callable[[], None], str]]:
        with contextlib.ExitStack() as stack:
            reset = stack.enter_context(_Monitor())
            emulator = stack.enter_context(Emulator(board, elf, reset.arguments))
            reset.answer()
            proxy = stack.enter_context(Proxy(emulator.url, Way(spoil=to_board), Way(spoil=to_host)))
            yield reset.press, proxy.url

    assert board.toolchain is not None
    return Subject(
        name,
        (board.toolchain.compiler, board.emulator.program),
        False,  # as edgekd itself asks emulated boards
        running,
        lambda number: [x[number].tobytes()],
        lambda number: expected[number].tobytes(),
        x[0].nbytes,
    )


def host_board(folder: Path) -> Subject:
    """`host_subject`, built."""
    return host_subject(build_board(folder / "board"))


class _Monitor:
    """QEMU's monitor, which resets the machine: processor and devices start anew, RAM is loaded from the image.
    arguments: of QEMU, which connects to it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="qemu")  # the path of a socket holds about 100 bytes
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.settimeout(30.0)
        self._line: socket.socket | None = None
        path = f"{self._folder.name}/monitor"
        self._listener.bind(path)
        self._listener.listen(1)
        self.arguments = ("-monitor", f"unix:{path}")

    def __enter__(self) -> _Monitor:
        return self

    def __exit__(self, *_: object) -> None:
        if self._line is not None:
            self._line.close()
        self._listener.close()
        self._folder.cleanup()

    def answer(self) -> None:
        """Take QEMU's call."""
        self._line, _ = self._listener.accept()
        self._line.settimeout(30.0)
        self._until_prompt()

    def press(self) -> None:
        """Reset the machine."""
        assert self._line is not None
        self._line.sendall(b"system_reset\n")
        self._until_prompt()

    def _until_prompt(self) -> None:
        assert self._line is not None
        said = b""
        while not said.endswith(b"(qemu) "):
            said += self._line.recv(4096)
