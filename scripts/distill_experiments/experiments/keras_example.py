"""Keras' example "Knowledge Distillation" beside edgekd, with the example's own networks, made by Keras.

keras.io/examples/vision/knowledge_distillation: there, on MNIST, a teacher of 97.6 % teaches a student to 98.1 % that
reaches 97.6 % from scratch: Adam's usual rate, batches of 32 (the default of `fit`), 5 epochs for the teacher, 3 for
students, alpha (the weight of the labels) 0.1, temperature 10.

Keras trains the teacher on all samples and saves it. Students on both sides get the file and the same 5,000 samples
for 12 epochs, and by pairs of a seed the same initial weights of Keras. The order of samples is each side's own, and so
is the learning rate's course: constant there, one cycle here. How high it is the validation set chooses for each of the
four kinds of students, by seeds that are used for nothing else; Keras' side is run at the example's rate, too.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from distill_experiments import keras_side
from distill_experiments.bench import Bench, some, tested, without_test
from edgekd.data import Dataset
from edgekd.files import sha256_of, write_atomically

TITLE = "the networks of Keras' example"

SETTINGS: dict[str, Any] = {
    "data": {"source": "fashion-mnist", "validation": 5000},
    "samples": 5000,
    "teacher": {"widths": [256, 512], "size": 28},
    "student": {"widths": [16, 32], "size": 28},
    "teacher_training": {"batch_size": 32, "learning_rate": 1e-3, "epochs": 5},
    "training": {"batch_size": 32, "epochs": 12},
    "rates": {
        "edgekd": [2e-3, 4e-3, 8e-3, 16e-3, 32e-3, 64e-3, 128e-3],
        "Keras": [5e-4, 1e-3, 2e-3, 4e-3, 8e-3, 16e-3],
    },
    "example_rate": 1e-3,
    "choosing_seeds": 3,
    "alpha": 0.1,
    "temperature": 10.0,
}
SMALL: dict[str, Any] = {
    **SETTINGS,
    "data": {"source": "digits", "validation": 200},
    "samples": 400,
    "teacher": {"widths": [16, 32], "size": 8},
    "student": {"widths": [4, 8], "size": 8},
    "teacher_training": {"batch_size": 32, "learning_rate": 1e-2, "epochs": 4},
    "training": {"batch_size": 32, "epochs": 4},
    "rates": {"edgekd": [1e-2, 2e-2], "Keras": [1e-2, 2e-2]},
    "example_rate": 1e-2,
    "choosing_seeds": 1,
}
_SEEN = 100  # validation samples, by the progress


def run(bench: Bench) -> None:
    settings, dataset = bench.settings, bench.load()
    teacher = _teacher(bench, dataset)
    few = some(dataset, settings["samples"], seed=0)
    for side, train in (("edgekd", _in_edgekd), ("Keras", _in_keras)):
        for name, taught_by in ((side, teacher), (f"{side}, control", None)):

            def student(name: str, seed: int, rate: float, train: Any = train, by: Path | None = taught_by) -> None:
                train(bench, name, seed, by, few, rate)

            rate = bench.chosen(name, settings["rates"][side], student, settings["choosing_seeds"])
            for seed in bench.seeds:
                student(name, seed, rate)
    for seed in bench.seeds:
        _in_keras(bench, "the example", seed, teacher, few, settings["example_rate"])
        _in_keras(bench, "the example, control", seed, None, few, settings["example_rate"])
    for name in ("edgekd", "Keras", "the example"):
        pairs = zip(bench.seeds, bench.figures(name), bench.figures(f"{name}, control"), strict=True)
        for seed, distilled, alone in pairs:
            bench.record(name, seed, {"gain": distilled - alone})
    bench.compare("edgekd", "edgekd", "edgekd, control")
    bench.compare("the example's procedure in Keras", "Keras", "Keras, control")
    bench.compare("the same at the example's learning rate", "the example", "the example, control")
    bench.compare("edgekd's student (left) beside Keras'", "edgekd", "Keras")
    bench.compare("gain of edgekd (left) beside Keras'", "edgekd", "Keras", "gain", "points")
    bench.compare("gain of edgekd (left) beside the example's", "edgekd", "the example", "gain", "points")
    (accuracy,) = bench.figures("teacher")
    bench.value(f"the teacher, of {len(dataset.x_train):,} samples", accuracy)


def _in_edgekd(bench: Bench, name: str, seed: int, teacher: Path | None, dataset: Dataset, rate: float) -> None:
    """A student of edgekd's: taught by the teacher, or, without one, by the labels alone."""
    settings, validation = bench.settings, without_test(dataset)
    student = keras_side.in_torch(_student(bench, seed))
    training = {**settings["training"], "weight_decay": 0.0, "learning_rate": rate}
    # Each student would ask the large teacher about all of validation and test, for figures that are known.
    quick = without_test(dataclasses.replace(dataset, x_val=dataset.x_val[:_SEEN], y_val=dataset.y_val[:_SEEN]))
    if teacher is None:
        model = bench.train(name, seed, student, quick, **training)
    else:
        method = {"method": "soft-targets", "temperature": settings["temperature"], "hard_weight": settings["alpha"]}
        model = bench.distill(name, seed, str(teacher), student, quick, control=False, **method, **training).student
    bench.record(name, seed, {"val_accuracy": tested(model, validation), "test_accuracy": tested(model, dataset)})


def _in_keras(bench: Bench, name: str, seed: int, teacher: Path | None, dataset: Dataset, rate: float) -> None:
    """A student of the example's procedure, or its control, in Keras."""
    settings = bench.settings
    training = {**settings["training"], "learning_rate": rate, "seed": seed}
    method = {"alpha": settings["alpha"], "temperature": settings["temperature"]}
    taught = [sha256_of(teacher), method] if teacher is not None else []
    folder = bench.place(dataset, *_keras_is(), settings["student"], training, *taught)
    kept = folder / "figures.json"
    if not kept.is_file():
        student, x, y = _student(bench, seed), dataset.x_train, dataset.y_train
        if teacher is None:
            keras_side.fit(student, x, y, **training)
        else:
            with _without_tensorflow():
                answers = keras_side.ask(keras_side.keras().models.load_model(teacher), x)
            keras_side.distill(student, x, y, answers, **method, **training)
        folder.mkdir(parents=True, exist_ok=True)
        parts = {"val": (dataset.x_val, dataset.y_val), "test": (dataset.x_test, dataset.y_test)}
        _keep(kept, {f"{part}_accuracy": keras_side.accuracy(student, *arrays) for part, arrays in parts.items()})
    bench.record(name, seed, json.loads(kept.read_text()))


def _student(bench: Bench, seed: int) -> Any:
    return keras_side.network(**bench.settings["student"], seed=seed + 1)


def _teacher(bench: Bench, dataset: Dataset) -> Path:
    """The file of the teacher that Keras has trained."""
    settings = bench.settings
    what = {**settings["teacher"], "seed": 0}
    folder = bench.place(dataset, *_keras_is(), what, settings["teacher_training"])
    file, kept = folder / "teacher.keras", folder / "figures.json"
    if not kept.is_file():
        model = keras_side.network(**what)
        keras_side.fit(model, dataset.x_train, dataset.y_train, seed=0, **settings["teacher_training"])
        folder.mkdir(parents=True, exist_ok=True)
        with _without_tensorflow():
            model.save(file)
        _keep(kept, {"test_accuracy": keras_side.accuracy(model, dataset.x_test, dataset.y_test)})
    bench.record("teacher", 0, json.loads(kept.read_text()))
    return file


@contextlib.contextmanager
def _without_tensorflow() -> Iterator[None]:
    """Keras would import it to look for remote file systems, at 5 s and a screen of its messages."""
    hidden = "tensorflow" not in sys.modules
    if hidden:
        sys.modules["tensorflow"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hidden:
            del sys.modules["tensorflow"]


def _keras_is() -> list[str]:
    return [keras_side.keras().__version__, sha256_of(Path(keras_side.__file__))]


def _keep(file: Path, figures: Any) -> None:
    write_atomically(file, json.dumps(figures))
