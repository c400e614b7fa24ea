"""How much of what a serial line can carry is samples, while they stream to a board at the line's pace."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from host_board import HostBoard, build_board

from edgekd.device.client import connect
from edgekd.device.emulator import Emulator
from edgekd.device.proxy import Proxy, Way
from edgekd.firmware import deploy_cached
from edgekd.firmware.board import load_board
from link_checks.record import RESULTS, circumstances, first_line, save

BAUDS = (115_200, 921_600)
_BITS_PER_BYTE = 10
_TOY_SECOND_INPUT = 3  # bytes


@dataclass(frozen=True)
class Case:
    """bytes: of a sample. values: of the result. goal: the share of the line's bits that samples are to be."""

    name: str
    bytes: int
    values: int
    goal: float

    def floor(self, baud: int) -> float:
        """Seconds that the line takes for a sample alone."""
        return self.bytes * _BITS_PER_BYTE / baud


CASES = (Case("vww", 96 * 96 * 3, 2, 0.97), Case("kws", 49 * 10, 12, 0.90))


@contextlib.contextmanager
def host_board(case: Case, baud: int, folder: Path) -> Iterator[Proxy]:
    """The firmware built for this machine, with as much memory as the emulated boards have, behind a line. Its engine
    computes for half the time that a sample takes on the line: the line must stay full meanwhile."""
    defines = {
        "TOY_BYTES": case.bytes - _TOY_SECOND_INPUT,
        "TOY_VALUES": case.values,
        "TOY_MICROS": round(1e6 * case.floor(baud) / 2),
        "EDGEKD_FRAME_BYTES": 1024,
        "EDGEKD_RECEIVE_BYTES": 16384,
        "EDGEKD_RESULT_BYTES": 4096,
    }
    numbers = [f"{name}={value}u" for name, value in defines.items()]
    board = HostBoard(build_board(folder / f"{case.name}_{baud}", *numbers, sanitize=False))
    try:
        with Proxy(board.end, Way(baud=baud), Way(baud=baud)) as proxy:
            yield proxy
    finally:
        board.close()


@contextlib.contextmanager
def emulated_board(name: str, model: Path, baud: int) -> Iterator[Proxy]:
    """An emulated board with a model, behind a line. It runs as fast as this machine lets it."""
    board = load_board(name)
    way = Way(baud=baud)
    with Emulator(board, deploy_cached(model, board).elf) as emulator, Proxy(emulator.url, way, way) as proxy:
        yield proxy


def measure(url: str, baud: int, samples: int) -> dict[str, Any]:
    """Stream to the board at `url`, whose line carries `baud`. Time runs from the first result to the last."""
    chance = np.random.default_rng(1)
    with connect(url, baud=baud) as device:
        size = sum(device.info.input_bytes)
        first = bytes([chance.integers(100)])  # the toy engine is asked for nothing but the answer
        inputs = (
            [(first + chance.bytes(length))[:length] for length in device.info.input_bytes] for _ in range(samples)
        )
        times = []
        for _ in device.stream(inputs):
            times.append(time.monotonic())
        link = asdict(device.link)
    each = (times[-1] - times[0]) / (samples - 1)
    return {
        "baud": baud,
        "samples": samples,
        "bytes_of_a_sample": size,
        "seconds_a_sample": round(each, 5),
        "floor_seconds_a_sample": round(size * _BITS_PER_BYTE / baud, 5),
        "line_use": round(size * _BITS_PER_BYTE / baud / each, 4),
        "bytes_sent_beside_samples": round(link["bytes_sent"] / (size * samples) - 1, 4),
        "retries": link["retries"],
    }


def main(command: str, board: str | None, models: Path | None, seconds: float, out: Path | None) -> int:
    """board, models: beside the firmware built for this machine, an emulated board with vww.tflite of that folder, at
    the first rate."""
    made_by = circumstances(command, {"gcc": first_line("gcc", "--version")})
    rows: list[dict[str, Any]] = []

    def add(name: str, case: Case, baud: int, proxy: Proxy) -> None:
        samples = max(4, round(seconds / case.floor(baud)))
        rows.append({"board": name, "model": case.name, "goal": case.goal, **measure(proxy.url, baud, samples)})
        row = rows[-1]
        print(
            f"{name}, {case.name}, {baud} baud: {100 * row['line_use']:.2f} % of the line "
            f"({row['seconds_a_sample']} s a sample, floor {row['floor_seconds_a_sample']})"
        )

    with tempfile.TemporaryDirectory() as scratch:
        for case in CASES:
            for baud in BAUDS:
                with host_board(case, baud, Path(scratch)) as proxy:
                    add("firmware built for this machine", case, baud, proxy)
        if board is not None and models is not None:
            with emulated_board(board, models / "vww.tflite", BAUDS[0]) as proxy:
                add(board, CASES[0], BAUDS[0], proxy)
    save(out or RESULTS / "link_line_use.json", made_by, {"rows": rows})
    return int(any(row["line_use"] < row["goal"] for row in rows))
