"""A test set as a model takes it, and the figures its answers give: of a classifier, or of an anomaly detector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import Graph, Tensor
from edgekd.convert.quantize_io import dequantize, model_input
from edgekd.errors import BadResultError, InputError
from edgekd.evaluate.answers import Array, Sample
from edgekd.evaluate.metrics import accuracy_interval, class_figures, confusion_matrix, macro_f1
from edgekd.evaluate.roc import area_under_curve

Task = Literal["classify", "anomaly"]
TASKS: tuple[Task, ...] = ("classify", "anomaly")


@dataclass(frozen=True, eq=False)
class TestSet:
    """What is streamed, and what it is held against.

    inputs: (inferences, …) in the input tensor's type. samples: how many there are; each takes as many inferences as
    another, one after the other. labels: (samples,), or None. real: (inferences, …), the inputs in the model's units.
    """

    __test__ = False  # to pytest: this is no test

    task: Task
    samples: int
    inputs: Array
    labels: npt.NDArray[np.int64] | None
    real: Array


def prepare(graph: Graph, model: Path, x: Array, y: Array | None, task: Task | None = None) -> TestSet:
    """Check a test set, and quantize it for the model.

    x: (samples, …), float32 in the model's units or the input tensor's integers, channels last. y: of a classifier,
    class indices; of an anomaly detector 0 for normal and 1 for anomalous samples, and then x may be (samples, windows,
    …) of which the model takes one window at a time. task: by default "anomaly" for a model whose output has its
    input's shape and labels of 0 and 1, else "classify". Raises InputError for what does not fit; `model` is only
    named in it.
    """
    if len(x) == 0:
        raise InputError("there are no samples to evaluate")
    if len(graph.inputs) != 1:
        raise InputError(f"{model}: has {len(graph.inputs)} inputs; evaluation feeds one")
    labels = None if y is None else _labels(y, len(x))
    if labels is not None and len(graph.outputs) != 1:
        raise InputError(f"{model}: {len(graph.outputs)} outputs; scoring needs one", "edgekd bench measures any model")
    rebuilds = len(graph.outputs) == 1 and graph.outputs[0].shape == graph.inputs[0].shape
    chosen = task or ("anomaly" if rebuilds and labels is not None and int(labels.max()) <= 1 else "classify")
    if labels is not None and chosen == "anomaly":
        _check_anomalies(graph, model, labels)
    elif labels is not None:
        _check_classes(graph, model, labels)
    windowed = chosen == "anomaly" and x.shape[2:] == graph.inputs[0].shape[1:]
    flat = x.reshape(-1, *x.shape[2:]) if windowed else x
    return TestSet(chosen, len(x), model_input(flat, graph.inputs[0]), labels, flat)


def scored(tests: TestSet, graph: Graph, outputs: Sequence[Sample]) -> dict[str, Any]:
    """Figures of answers as JSON values. outputs[inference][output]: in the tensors' shapes and types.

    Always: task, accuracy, accuracy_interval_95, confusion, per_class, macro_f1, auc, auc_interval_95; None where the
    task or a lack of labels leaves them open. Accuracies are fractions of 1, confusion[true class][answer] counts.
    Raises BadResultError when a float model's output is not a number.
    """
    figures: dict[str, Any] = dict.fromkeys(
        ("accuracy", "accuracy_interval_95", "confusion", "per_class", "macro_f1", "auc", "auc_interval_95")
    )
    if tests.labels is not None:
        rows = np.stack([sample[0].reshape(-1) for sample in outputs])
        if not np.isfinite(rows).all():
            raise BadResultError(
                f"the output of inference {int(np.argmin(np.isfinite(rows).all(axis=1)))} is no number"
            )
        by_task = _anomalies if tests.task == "anomaly" else _classes
        figures |= by_task(tests, tests.labels, graph, rows)
    return {"task": tests.task, **figures}


def reconstruction_errors(tests: TestSet, graph: Graph, outputs: Array) -> npt.NDArray[np.float64]:
    """Mean squared difference between what went in and what came out, in the model's units, for each sample.

    A sample's error is the mean over its windows, as in MLPerf Tiny's anomaly detection (Banbury et al. 2021). outputs:
    (inferences, …) in the output tensor's type. Returns (samples,).
    """
    given, rebuilt = _real(tests.real, graph.inputs[0]), _real(outputs, graph.outputs[0])
    count = tests.samples
    squares = (given.reshape(count, -1).astype(np.float64) - rebuilt.reshape(count, -1)) ** 2
    errors: npt.NDArray[np.float64] = squares.mean(axis=1)
    return errors


def _anomalies(tests: TestSet, labels: npt.NDArray[np.int64], graph: Graph, rows: Array) -> dict[str, Any]:
    errors = reconstruction_errors(tests, graph, rows)
    area, interval = area_under_curve(errors[labels == 0], errors[labels == 1])
    return {"auc": area, "auc_interval_95": interval and list(interval)}


def _classes(tests: TestSet, labels: npt.NDArray[np.int64], graph: Graph, rows: Array) -> dict[str, Any]:
    guesses = rows.argmax(axis=1).astype(np.int64)
    confusion = confusion_matrix(labels, guesses, rows.shape[1])
    correct = int((guesses == labels).sum())
    per_class = class_figures(confusion)
    return {
        "accuracy": correct / len(labels),
        "accuracy_interval_95": list(accuracy_interval(correct, len(labels))),
        "confusion": confusion,
        "per_class": per_class,
        "macro_f1": macro_f1(per_class),
    }


def _real(values: Array, tensor: Tensor) -> Array:
    return values if np.issubdtype(values.dtype, np.floating) else dequantize(values, tensor)


def _labels(y: Array, samples: int) -> npt.NDArray[np.int64]:
    given = np.asarray(y)
    if not np.issubdtype(given.dtype, np.integer) and given.dtype != np.bool_:
        raise InputError(f"labels are {given.dtype}, not integers")
    labels = given.astype(np.int64)
    if labels.ndim != 1 or len(labels) == 0:
        raise InputError(f"labels have shape {list(labels.shape)}, not one number for each sample")
    if len(labels) != samples:
        raise InputError(f"there are {samples} samples and {len(labels)} labels")
    return labels


def _check_classes(graph: Graph, model: Path, labels: npt.NDArray[np.int64]) -> None:
    classes = graph.outputs[0].elements
    if int(labels.min()) < 0 or int(labels.max()) >= classes:
        wrong = int(labels.max()) if int(labels.max()) >= classes else int(labels.min())
        raise InputError(f"{model}: tells {classes} classes apart, and there is a label {wrong}")


def _check_anomalies(graph: Graph, model: Path, labels: npt.NDArray[np.int64]) -> None:
    if graph.outputs[0].elements != graph.inputs[0].elements:
        raise InputError(
            f"{model}: gives {graph.outputs[0].elements} numbers for {graph.inputs[0].elements}; an anomaly detector "
            "gives back what it was given"
        )
    kinds = {int(label) for label in np.unique(labels)}
    if kinds != {0, 1}:
        raise InputError(
            f"anomalies are labelled 0 (normal) and 1 (anomalous), both kinds there; these are {sorted(kinds)[:5]}",
            "where the model is a classifier: --task classify",
        )
