"""The command line of scripts/bench_farm."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from provenance import ROOT, provenance

from edgekd.compiler.reader import read_tflite
from edgekd.convert import tflm
from edgekd.device.emulator import Emulator
from edgekd.device.farm import Farm, FarmBoard
from edgekd.device.proxy import Proxy, Way
from edgekd.errors import EdgekdError
from edgekd.evaluate.answers import Sample, collect, subject_of
from edgekd.evaluate.journal import Journal
from edgekd.evaluate.spread import Share, spread
from edgekd.files import write_atomically
from edgekd.firmware import Deployment, deploy_cached
from edgekd.firmware.board import load_board

sys.path.insert(0, str(ROOT / "tests"))  # writes the models as the tests do

from tflite_builder import ModelBuilder

_BOARD = "mps2-an386"
_BOARDS = 4
_BAUD = 115_200
_SEED = 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench_farm")
    parser.add_argument("--line", action="store_true", help="only boards behind lines of 115,200 baud")
    parser.add_argument("--cores", action="store_true", help="only emulated boards without a line")
    parser.add_argument("--samples", type=int, default=96, help="of one measurement")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--out", type=Path, default=ROOT / "scripts" / "results" / "bench_farm.json")
    options = parser.parse_args()
    made_by = _circumstances(f"scripts/bench_farm {shlex.join(sys.argv[1:])}".rstrip())
    result: dict[str, Any] = {}
    try:
        with tempfile.TemporaryDirectory() as folder:
            if not options.cores:
                result["line"] = _measure(Path(folder), options.samples, options.repetitions, baud=_BAUD)
            if not options.line:
                result["cores"] = _measure(Path(folder), options.samples, options.repetitions, baud=None)
    except EdgekdError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    write_atomically(options.out, json.dumps({**made_by, "result": result}, indent=1) + "\n")
    for name, found in result.items():
        print(
            f"{name:5}  {found['bytes_a_sample']:,} B a sample, {_BOARDS} boards {found['ratio']:.2f} x one "
            f"± {found['deviation']:.2f} over {options.repetitions}, {made_by['cores']} cores; "
            f"{found['equal']} of {found['answers']} outputs equal to TensorFlow Lite Micro's"
        )
    return int(any(found["equal"] != found["answers"] for found in result.values()))


def _measure(folder: Path, samples: int, repetitions: int, baud: int | None) -> dict[str, Any]:
    """One board and four in turn, as often as `repetitions` says."""
    model = folder / f"{'pool' if baud else 'convolve'}.tflite"
    model.write_bytes(_pooling_model() if baud else _convolving_model())
    graph = read_tflite(model)
    random = np.random.default_rng(_SEED)
    column = random.integers(-128, 128, (samples, *graph.inputs[0].shape), np.int8)
    inputs: list[Sample] = [[sample] for sample in column]
    expected = tflm.run(model, inputs).outputs
    build = deploy_cached(model, load_board(_BOARD))
    rows: list[dict[str, float]] = []
    equal = 0
    with contextlib.ExitStack() as stack:
        farm = _farm_behind_lines(build, baud, stack) if baud else _farm_of_emulators()
        for _ in range(repetitions):
            row: dict[str, float] = {}
            for boards in (1, _BOARDS):
                seconds, outputs = _timed(Farm(farm[:boards]), model, inputs, build)
                row[f"seconds_{boards}"] = round(seconds, 3)
                equal += sum(a[0].tobytes() == b[0].tobytes() for a, b in zip(outputs, expected, strict=True))
            rows.append(row)
    ratios = [row["seconds_1"] / row[f"seconds_{_BOARDS}"] for row in rows]
    return {
        "board": _BOARD,
        "baud": baud,
        "samples": samples,
        "bytes_a_sample": graph.inputs[0].nbytes,
        "repetitions": rows,
        "ratio": round(statistics.mean(ratios), 3),
        "deviation": round(statistics.stdev(ratios), 3) if len(ratios) > 1 else 0.0,
        "equal": equal,
        "answers": 2 * repetitions * samples,
    }


def _farm_behind_lines(build: Deployment, baud: int, stack: contextlib.ExitStack) -> tuple[FarmBoard, ...]:
    """Boards that run already, each at the end of a line of its own."""
    boards = []
    for number in range(_BOARDS):
        emulator = stack.enter_context(Emulator(build.board, build.elf))
        proxy = stack.enter_context(Proxy(emulator.url, Way(baud=baud), Way(baud=baud)))
        boards.append(FarmBoard(name=f"line-{number}", profile=_BOARD, port=proxy.url))
    return tuple(boards)


def _farm_of_emulators() -> tuple[FarmBoard, ...]:
    return tuple(FarmBoard(name=f"emulated-{n}", profile=_BOARD, emulated=True) for n in range(_BOARDS))


def _timed(farm: Farm, model: Path, inputs: Sequence[Sample], build: Deployment) -> tuple[float, list[list[Any]]]:
    """Seconds from taking the first board to the last answer, and the outputs."""
    graph = read_tflite(model)
    shares = [Share(board, build.board) for board in farm.boards]
    with Journal(subject_of(graph, [np.stack([sample[0] for sample in inputs])])) as journal:
        started = time.monotonic()
        spread(journal, inputs, model, farm, shares, {_BOARD: build})
        seconds = time.monotonic() - started
        return seconds, collect(journal, graph).outputs


def _pooling_model() -> bytes:
    """1x32x32x3 to 10: much to carry, little to compute."""
    random = np.random.default_rng(_SEED)
    model = ModelBuilder()
    x = model.tensor((1, 32, 32, 3), scale=0.05)
    pooled = model.tensor((1, 4, 4, 3), scale=0.05)
    flat = model.tensor((1, 48), scale=0.05)
    y = model.tensor((1, 10), scale=0.1)
    window = {"filter_width": 8, "filter_height": 8, "stride_w": 8, "stride_h": 8, "padding": "VALID"}
    model.operator("AVERAGE_POOL_2D", [x], [pooled], **window)
    model.operator("RESHAPE", [pooled, model.tensor((2,), "int32", data=np.array([1, 48]))], [flat])
    weights = model.tensor((10, 48), scale=0.01, data=random.integers(-127, 128, (10, 48)))
    bias = model.tensor((10,), "int32", scale=0.0005, data=random.integers(-500, 500, 10))
    model.operator("FULLY_CONNECTED", [flat, weights, bias], [y])
    return model.build([x], [y])


def _convolving_model() -> bytes:
    """1x16x16x8 to 1x16x16x8 by four convolutions: little to carry, 590,000 multiply-accumulates."""
    random = np.random.default_rng(_SEED)
    model = ModelBuilder()
    x = tensor = model.tensor((1, 16, 16, 8), scale=0.05)
    window = {"stride_w": 1, "stride_h": 1, "padding": "SAME"}
    for _ in range(4):
        weights = model.tensor((8, 3, 3, 8), scale=0.01, data=random.integers(-127, 128, (8, 3, 3, 8)))
        bias = model.tensor((8,), "int32", scale=0.0005, data=random.integers(-500, 500, 8))
        made = model.tensor((1, 16, 16, 8), scale=0.05)
        model.operator("CONV_2D", [tensor, weights, bias], [made], **window)
        tensor = made
    return model.build([x], [tensor])


def _circumstances(command: str) -> dict[str, Any]:
    made_by = provenance(command, ("edgekd", "firmware", "boards", "scripts/farm_bench"))
    return {**made_by, "cores": os.cpu_count(), "load": [round(load, 1) for load in os.getloadavg()]}


sys.exit(main())
