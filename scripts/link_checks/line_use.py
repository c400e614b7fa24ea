"""How much of what a serial line can carry is samples, while they stream to an emulated board at the line's pace."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tflite_builder import ModelBuilder

from edgekd.device.client import connect
from edgekd.device.emulator import Emulator
from edgekd.device.proxy import Proxy, Way
from edgekd.firmware import deploy_cached
from edgekd.firmware.board import load_board
from link_checks.record import RESULTS, circumstances, save

BAUDS = (115_200, 921_600)
_BITS_PER_BYTE = 10


@dataclass(frozen=True)
class Case:
    """seconds: of streaming to measure. goal: the share of the line's bits that samples are to be."""

    name: str
    shape: tuple[int, ...]
    outputs: int
    goal: float


CASES = (Case("vww", (1, 96, 96, 3), 2, 0.97), Case("kws", (1, 49, 10, 1), 12, 0.90))


def stand_in(case: Case) -> bytes:
    """A model with the case's input and output that needs no training: one dense layer."""
    chance = np.random.default_rng(0)
    model = ModelBuilder()
    elements = int(np.prod(case.shape))
    x = model.tensor(case.shape, scale=0.05, zero_point=3)
    weights = model.tensor(
        (case.outputs, elements), scale=0.01, data=chance.integers(-127, 128, (case.outputs, elements))
    )
    bias = model.tensor((case.outputs,), "int32", scale=0.0005, data=chance.integers(-500, 500, case.outputs))
    y = model.tensor((1, case.outputs), scale=0.3, zero_point=-7)
    model.operator("FULLY_CONNECTED", [x, weights, bias], [y])
    return model.build([x], [y])


def measure(url: str, baud: int, samples: int) -> dict[str, Any]:
    """Stream through a line of `baud` in front of the board at `url`. Time runs from the first result to the last."""
    chance = np.random.default_rng(1)
    way = Way(baud=baud)
    with Proxy(url, way, way) as proxy, connect(proxy.url, baud=baud) as device:
        size = sum(device.info.input_bytes)
        inputs = ([chance.bytes(length) for length in device.info.input_bytes] for _ in range(samples))
        times = []
        for _ in device.stream(inputs):
            times.append(time.monotonic())
        link = asdict(device.link)
        device_info = {"receive_bytes": device.info.receive_bytes, "results": device.info.results}
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
        **device_info,
    }


def main(command: str, board_name: str, models: Path | None, seconds: float, out: Path | None) -> int:
    """models: a folder with vww.tflite and kws.tflite; None: stand-ins with the same tensors, which take less time."""
    board = load_board(board_name)
    made_by = circumstances(command)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for case in CASES:
            path = Path(scratch) / f"{case.name}.tflite"
            path.write_bytes((models / path.name).read_bytes() if models else stand_in(case))
            elf = deploy_cached(path, board).elf
            for baud in BAUDS:
                each = int(np.prod(case.shape)) * _BITS_PER_BYTE / baud
                with Emulator(board, elf) as emulator:
                    row = measure(emulator.url, baud, max(4, round(seconds / each)))
                row = {"model": case.name if models else f"stand-in for {case.name}", "goal": case.goal, **row}
                rows.append(row)
                print(
                    f"{row['model']}, {baud} baud: {100 * row['line_use']:.2f} % of the line "
                    f"({row['seconds_a_sample']} s a sample, floor {row['floor_seconds_a_sample']})"
                )
    save(out or RESULTS / "link_line_use.json", made_by, {"board": board.name, "rows": rows})
    return int(any(row["line_use"] < row["goal"] for row in rows))
