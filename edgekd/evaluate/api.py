"""A model on a board, measured: accuracy over a test set, or speed and memory alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import Graph
from edgekd.compiler.reader import read_tflite
from edgekd.convert import tflm
from edgekd.convert.quantize_io import model_input
from edgekd.device.client import Device, connect
from edgekd.device.emulator import Emulator
from edgekd.errors import DeviceError, InputError
from edgekd.evaluate.metrics import confusion_matrix, per_inference, wilson_interval
from edgekd.evaluate.samples import noise, read_test_set
from edgekd.firmware import deploy_cached
from edgekd.firmware.board import BoardProfile, load_board
from edgekd.progress import Progress, silent

ORACLE = "TensorFlow Lite Micro"

Sample = Sequence[npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Answers:
    """What a board said to a list of samples: outputs[sample][output], ticks[sample] of its counter, bytes on the
    wire, and the stack one inference took."""

    outputs: list[list[npt.NDArray[Any]]]
    ticks: list[int]
    link: dict[str, Any]
    stack_bytes: int
    arena_bytes: int


def eval_model(
    model: Path,
    board: str | Path | BoardProfile,
    data: Path | tuple[npt.NDArray[Any], npt.NDArray[np.int64]],
    *,
    samples: int | None = None,
    port: str | None = None,
    engine: str = "aot",
    elf: Path | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Stream a test set through `model` on `board` and compare every output byte with TensorFlow Lite Micro's.

    data: an .npz file with x_test and y_test, or the two arrays: x (samples, …) float32 in the model's units or int8,
    channels last; y class indices. samples: only the first ones. port: a pyserial URL of a board that runs the model
    already; without it an emulated board starts, with the image `elf` or one that is built.
    Returns a dict of JSON values; accuracies are fractions of 1, confusion[true class][answer] are counts.
    Raises InputError for what cannot be evaluated, DeviceError when the board does not answer as it must.
    """
    profile = board if isinstance(board, BoardProfile) else load_board(board)
    graph = read_tflite(model)
    x, y = read_test_set(data, samples) if isinstance(data, Path) else (data[0][:samples], data[1][:samples])
    classes = _classes(graph, model, y)
    inputs = [[sample[None]] for sample in model_input(x, graph.inputs[0])]
    with running(model, graph, profile, engine=engine, port=port, elf=elf) as device:
        answers = stream(device, graph, inputs, progress)
    exact = compare(model, inputs, answers.outputs)
    scores = np.stack([outputs[0].reshape(-1) for outputs in answers.outputs])
    guesses = scores.argmax(axis=1).astype(np.int64)
    correct = int((guesses == y).sum())
    low, high = wilson_interval(correct, len(y))
    return {
        "model": str(model),
        "model_sha256": graph.sha256,
        "board": profile.name,
        "engine": engine,
        "accuracy": correct / len(y),
        "accuracy_interval_95": [low / 100, high / 100],
        "samples": len(y),
        "bit_exact": exact,
        "confusion": confusion_matrix(y, guesses, classes),
        "per_inference": per_inference(answers.ticks, profile, emulated=port is None),
        "link": answers.link,
        "ram_bytes": {"arena": answers.arena_bytes, "stack": answers.stack_bytes},
    }


def bench_model(
    model: Path,
    board: str | Path | BoardProfile,
    *,
    samples: int = 10,
    port: str | None = None,
    engine: str = "aot",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Measure speed, flash and RAM of `model` on `board` over seeded noise, every output byte compared.

    Any number of inputs and outputs of any type. Sizes are those of the image over the same image without a model.
    Returns a dict of JSON values. Raises as `eval_model`.
    """
    profile = board if isinstance(board, BoardProfile) else load_board(board)
    graph = read_tflite(model)
    deployment = deploy_cached(model, profile, engine=engine)
    flash = deployment.sizes.flash
    inputs = noise(graph.inputs, samples)
    with running(model, graph, profile, engine=engine, port=port) as device:
        answers = stream(device, graph, inputs, progress)
    return {
        "model": str(model),
        "model_sha256": graph.sha256,
        "board": profile.name,
        "engine": engine,
        "samples": samples,
        "bit_exact": compare(model, inputs, answers.outputs),
        "per_inference": per_inference(answers.ticks, profile, emulated=port is None),
        "flash_bytes": {"weights": flash.weights, "engine": flash.engine, "total": flash.total},
        "ram_bytes": ram_bytes(deployment.sizes.ram.static, answers),
        "link": answers.link,
    }


@contextlib.contextmanager
def running(
    model: Path,
    graph: Graph,
    board: BoardProfile,
    *,
    engine: str = "aot",
    port: str | None = None,
    elf: Path | None = None,
) -> Iterator[Device]:
    """A device that runs `model`: the one at `port`, or an emulated one, started and ended here.

    elf: the image to emulate; built when not given.
    Raises DeviceError when the board at `port` runs another model.
    """
    with contextlib.ExitStack() as stack:
        if port is None:
            image = elf or deploy_cached(model, board, engine=engine).elf
            port = stack.enter_context(Emulator(board, image)).url
        device = stack.enter_context(connect(port, baud=board.serial.baud))
        if device.info.model_sha256 != graph.sha256:
            raise DeviceError(
                f"{port}: the board runs another model (SHA-256 {device.info.model_sha256[:16]}…) than {model} "
                f"({graph.sha256[:16]}…)",
                f"flash it first: edgekd deploy {model} --board {board.name} --port {port}",
            )
        yield device


def stream(device: Device, graph: Graph, inputs: Sequence[Sample], progress: Progress = silent) -> Answers:
    """Send samples one by one and collect what comes back. inputs[sample][input]: arrays of the inputs' types."""
    outputs: list[list[npt.NDArray[Any]]] = []
    ticks: list[int] = []
    for number, sample in enumerate(inputs):
        answer = device.infer([np.ascontiguousarray(array).tobytes() for array in sample])
        pairs = zip(answer.outputs, graph.outputs, strict=True)
        outputs.append([np.frombuffer(data, tensor.dtype).reshape(tensor.shape) for data, tensor in pairs])
        ticks.append(answer.ticks)
        progress(number + 1, len(inputs), f"streaming samples, {number + 1} of {len(inputs)}")
    return Answers(outputs, ticks, asdict(device.link), device.stats().stack_inference, device.info.arena_bytes)


def compare(model: Path, inputs: Sequence[Sample], outputs: Sequence[Sample]) -> dict[str, Any]:
    """How many samples' outputs equal TensorFlow Lite Micro's in every byte."""
    expected = tflm.run(model, inputs).outputs
    equal = sum(
        all(a.tobytes() == b.tobytes() for a, b in zip(ours, theirs, strict=True))
        for ours, theirs in zip(outputs, expected, strict=True)
    )
    return {"oracle": ORACLE, "equal": equal, "of": len(expected)}


def ram_bytes(static: int, answers: Answers) -> dict[str, int]:
    """RAM in bytes: the arena with input and output buffers, other statics of model and engine, stack of inference."""
    parts = {"arena": answers.arena_bytes, "static": static, "stack": answers.stack_bytes}
    return {**parts, "total": sum(parts.values())}


def _classes(graph: Graph, model: Path, y: npt.NDArray[np.int64]) -> int:
    """Classes a model with one input and one output tells apart. Raises InputError when labels go beyond them."""
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise InputError(
            f"{model}: {len(graph.inputs)} inputs and {len(graph.outputs)} outputs; accuracy needs one of each",
            "edgekd bench measures any model",
        )
    classes = graph.outputs[0].elements
    if len(y) == 0:
        raise InputError("the test set is empty")
    if int(y.max()) >= classes:
        raise InputError(f"{model}: tells {classes} classes apart, and there is a label {int(y.max())}")
    return classes
