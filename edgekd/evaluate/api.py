"""A model on a board, measured: accuracy over a test set, or speed and memory alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.plan import Optimize
from edgekd.compiler.reader import read_tflite
from edgekd.evaluate.bench import measure
from edgekd.evaluate.board import board_under_test, require_rate, require_reachable
from edgekd.evaluate.layers import require_traceable
from edgekd.evaluate.samples import read_test_set
from edgekd.evaluate.scores import Task, prepare
from edgekd.firmware import deploy_cached
from edgekd.firmware.board import BoardProfile, load_board
from edgekd.progress import Progress, silent


def eval_model(
    model: Path,
    board: str | Path | BoardProfile,
    data: Path | tuple[npt.NDArray[Any], npt.NDArray[np.int64]],
    *,
    task: Task | None = None,
    samples: int | None = None,
    port: str | None = None,
    engine: str = "aot",
    elf: Path | None = None,
    journal: Path | None = None,
    baud: int | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Stream a test set through `model` on `board` and compare every output byte with TensorFlow Lite Micro's.

    data: an .npz file with x_test and y_test, or the two arrays: x (samples, …) float32 in the model's units or int8,
    channels last; y class indices. task: "classify" or "anomaly", by default what model and labels look like; an
    anomaly detector is scored by its reconstruction error, see edgekd.evaluate.scores. samples: only the first ones.
    port: a pyserial URL of a board that runs the model already; without it an emulated board starts, with the image
    `elf` or one that is built. journal: a file that keeps the answers and is only ever added to. Without one edgekd
    keeps its own until the result is whole; either way an interrupted call, made again, goes on where it was.
    baud: bits a second on that port, an error where it cannot be had; without it the highest that the board's profile
    names, if that works.
    Returns a dict of JSON values; accuracies are fractions of 1, confusion[true class][answer] are counts.
    Raises InputError for what cannot be evaluated, DeviceError when the board does not answer as it must.
    """
    x, y = read_test_set(data, samples) if isinstance(data, Path) else (data[0][:samples], data[1][:samples])
    tests = prepare(read_tflite(model), model, x, y, task)  # refuses what does not fit before anything is built
    with board_under_test(model, board, engine=engine, port=port, elf=elf, baud=baud) as under_test:
        return under_test.measure(tests, journal=journal, resume=True, progress=progress)


def bench_model(
    model: Path,
    board: str | Path | BoardProfile,
    *,
    samples: int = 10,
    port: str | None = None,
    engine: str = "aot",
    optimize: Optimize = "balanced",
    ram_limit: int | None = None,
    layers: bool = False,
    baud: int | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Measure speed, flash and RAM of `model` on `board` over seeded noise, every output byte compared.

    Any number of inputs and outputs of any type. Sizes are those of the image over the same image without a model.
    optimize, ram_limit: see edgekd.compiler.PlanOptions. layers: what each layer costs, too, in one more inference of
    the first sample on the emulated board; see edgekd.evaluate.layers. baud: see `eval_model`.
    Returns a dict of JSON values. Raises as `eval_model`.
    """
    profile = board if isinstance(board, BoardProfile) else load_board(board)
    if layers:
        require_traceable(profile, port)
    require_reachable(profile, port)
    require_rate(baud, port)
    deployment = deploy_cached(model, profile, engine=engine, optimize=optimize, ram_limit=ram_limit)
    with board_under_test(model, profile, engine=engine, port=port, deployment=deployment, baud=baud) as under_test:
        return measure(under_test, deployment, samples, optimize=optimize, layers=layers, progress=progress)
