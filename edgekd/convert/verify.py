"""The check between conversion and firmware: the .tflite on TensorFlow Lite Micro, on this machine."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import Graph, Tensor
from edgekd.compiler.isa import choose
from edgekd.compiler.lowered import KernelCall, Lowered
from edgekd.compiler.ops import lower
from edgekd.compiler.reader import read_tflite
from edgekd.compiler.targets import HOST
from edgekd.convert import tflm
from edgekd.convert.quantize_io import dequantize, model_input
from edgekd.errors import BadResultError, InputError
from edgekd.progress import Progress, silent

_WORKERS = 2  # interpreters at once; each takes a core
_CLAMPED_IS_TELLING = 0.02  # share of input values outside the calibrated range worth a word


@dataclass(frozen=True)
class OperatorFacts:
    """One operator for tables. shape: of its first output. weight_bytes: of its weights and biases."""

    index: int
    name: str
    shape: tuple[int, ...]
    macs: int
    weight_bytes: int


@dataclass(frozen=True, eq=False)
class Verification:
    """What a .tflite does on TensorFlow Lite Micro.

    accuracy, float_accuracy: percent of `samples`; float_accuracy is what it was compared with, None when nothing was.
    confusion[true][predicted]: counts. outputs: int8, (samples, …). operators: in execution order. macs:
    multiply-accumulates of one inference. tflm_arena_bytes: TFLM's arena on this 64-bit host. seconds: for all samples.
    """

    model: Path
    sha256: str
    accuracy: float
    float_accuracy: float | None
    samples: int
    confusion: npt.NDArray[np.int64]
    outputs: npt.NDArray[np.int8]
    operators: tuple[OperatorFacts, ...]
    weight_bytes: int
    macs: int
    tflm_arena_bytes: int
    seconds: float


def verify(
    model: Path,
    x: npt.NDArray[Any],
    y: npt.NDArray[Any],
    *,
    float_accuracy: float | None = None,
    max_drop: float = 0.5,
    progress: Progress = silent,
) -> Verification:
    """Run a classifier over test data on TensorFlow Lite Micro's own kernels, and refuse it when it cannot serve.

    x: (samples, …) channels last, float32 in the model's units or already int8. y: class indices, (samples,).
    float_accuracy: percent, of the float model on the same samples; max_drop: points int8 may lose against it.
    Raises InputError for a model that is not int8 in and out, or that uses an operator TensorFlow Lite Micro or
    edgekd does not have (naming operator and tensor); BadResultError when the accuracy drops by more than max_drop.
    """
    graph = read_tflite(model)
    source, result = check_interface(graph, str(model))
    operators = operator_facts(graph, str(model))
    labels = _check_labels(y, len(x), result.elements, str(model))
    samples = model_input(np.asarray(x), source)
    started = time.monotonic()
    outputs, arena_bytes = run_on_tflm(model, samples, progress)
    seconds = time.monotonic() - started
    confusion = np.zeros((result.elements, result.elements), np.int64)
    np.add.at(confusion, (labels, outputs.reshape(len(samples), -1).argmax(axis=1)), 1)
    accuracy = 100.0 * float(np.trace(confusion)) / len(samples)
    if float_accuracy is not None and float_accuracy - accuracy > max_drop + 1e-9:
        raise BadResultError(
            f"{model}: int8 accuracy is {accuracy:.2f} %, {float_accuracy - accuracy:.2f} points below the float "
            f"model's {float_accuracy:.2f} %; {max_drop:g} are allowed",
            *_why(np.asarray(x), samples, source),
            "try: more calibration samples of the training set (convert.calibration_samples)",
        )
    return Verification(
        model=model,
        sha256=graph.sha256,
        accuracy=accuracy,
        float_accuracy=float_accuracy,
        samples=len(samples),
        confusion=confusion,
        outputs=outputs,
        operators=operators,
        weight_bytes=sum(operator.weight_bytes for operator in operators),
        macs=sum(operator.macs for operator in operators),
        tflm_arena_bytes=arena_bytes,
        seconds=seconds,
    )


def check_interface(graph: Graph, name: str) -> tuple[Tensor, Tensor]:
    """The one input and one output of `graph`. Raises InputError unless both are int8 with one scale."""
    for tensors, role in ((graph.inputs, "input"), (graph.outputs, "output")):
        if len(tensors) != 1:
            raise InputError(f"{name}: the model has {len(tensors)} {role}s, not one", "verify takes classifiers")
        tensor = tensors[0]
        if tensor.dtype != "int8" or tensor.quantization is None or tensor.quantization.per_channel:
            raise InputError(
                f"{name}: {role} tensor {tensor.name!r} is {tensor.dtype}, not int8 with one scale",
                "convert it with int8 input and output",
            )
    return graph.inputs[0], graph.outputs[0]


def operator_facts(graph: Graph, name: str) -> tuple[OperatorFacts, ...]:
    """What each operator costs. Raises InputError for an operator edgekd cannot compile."""
    facts = []
    for operator in graph.operators:
        try:
            layer = lower(operator)
        except InputError as error:
            raise InputError(f"{name}: {error.message}", *error.hints) from None
        call = layer if isinstance(layer, Lowered) else choose(layer, HOST)
        kernel = call if isinstance(call, KernelCall) else None
        weights = sum(array.weight_bytes for array in kernel.constants) if kernel else 0
        shape = operator.outputs[0].shape
        facts.append(OperatorFacts(operator.index, operator.name, shape, kernel.macs if kernel else 0, weights))
    return tuple(facts)


def _check_labels(y: npt.NDArray[Any], samples: int, classes: int, name: str) -> npt.NDArray[np.int64]:
    labels = np.asarray(y)
    if samples == 0 or labels.shape != (samples,) or not np.issubdtype(labels.dtype, np.integer):
        raise InputError(
            f"labels are {labels.dtype} of shape {list(labels.shape)} for {samples} samples",
            "give one integer a sample",
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise InputError(
            f"{name}: the model tells {classes} classes apart, the labels go from {labels.min()} to {labels.max()}"
        )
    return labels.astype(np.int64)


def run_on_tflm(model: Path, samples: npt.NDArray[Any], progress: Progress) -> tuple[npt.NDArray[np.int8], int]:
    """All outputs (samples, …), and the arena's size; on as many interpreters as there are cores, up to _WORKERS."""
    parts = np.array_split(samples, min(_WORKERS, os.cpu_count() or 1, len(samples)))
    finished = [0.0] * len(parts)
    lock = threading.Lock()

    def run(number: int) -> tuple[npt.NDArray[Any], int]:
        def report(done: float, total: float, text: str) -> None:
            with lock:
                finished[number] = done
                progress(sum(finished), len(samples), f"{model.stem}: test samples on TensorFlow Lite Micro")

        ran = tflm.run(model, [[sample] for sample in parts[number]], report)
        report(len(parts[number]), len(parts[number]), "")
        return np.stack([outputs[0] for outputs in ran.outputs])[:, 0], ran.arena_bytes

    with ThreadPoolExecutor(len(parts)) as pool:
        ran = list(pool.map(run, range(len(parts))))
    return np.concatenate([outputs for outputs, _ in ran]), ran[0][1]


def _why(x: npt.NDArray[Any], quantized: npt.NDArray[Any], source: Tensor) -> list[str]:
    """Says so when test values fall outside the range that calibration gave the input."""
    if not np.issubdtype(x.dtype, np.floating):
        return []
    low, high = dequantize(np.array([-128, 127]), source)
    outside = float(((x < low - source.scale) | (x > high + source.scale)).mean())
    if outside < _CLAMPED_IS_TELLING:
        return []
    return [f"{outside:.0%} of the test values lie outside the input's calibrated range {low:.3g} to {high:.3g}"]
