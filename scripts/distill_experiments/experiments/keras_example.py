"""Keras' example "Knowledge Distillation" beside edgekd, with the example's own networks, made by Keras.

keras.io/examples/vision/knowledge_distillation: there, on MNIST, a teacher of 97.6 % teaches a student to 98.1 % that
reaches 97.6 % from scratch: Adam's usual rate, batches of 32 (the default of `fit`), 5 epochs for the teacher, 3 for
students, alpha (the weight of the labels) 0.1, temperature 10.

Here students have 6 epochs, because there are 5,000 samples instead of 60,000. Keras trains the teacher and saves
it. Both sides get the file, the same samples and, by pairs of a seed, a student with the same initial weights of Keras;
the order of samples is each side's own, and so is the learning rate's course: constant there, one cycle here, with the
peak at which a control of another seed did best on the validation set.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from distill_experiments import keras_side
from distill_experiments.bench import Bench, some, tested, without_test
from edgekd.data import Dataset
from edgekd.files import sha256_of, write_atomically

TITLE = "the networks of Keras' example"

_BUDGET = {"batch_size": 32, "learning_rate": 1e-3}
SETTINGS: dict[str, Any] = {
    "data": {"source": "fashion-mnist", "validation": 500},
    "samples": 5000,
    "teacher": {"widths": [256, 512], "size": 28},
    "student": {"widths": [16, 32], "size": 28},
    "teacher_training": {**_BUDGET, "epochs": 5},
    "keras_training": {**_BUDGET, "epochs": 6},
    "training": {"batch_size": 32, "epochs": 6, "weight_decay": 0.0},
    "rates": [1e-3, 2e-3, 4e-3],
    "alpha": 0.1,
    "temperature": 10.0,
}
SMALL: dict[str, Any] = {
    **SETTINGS,
    "data": {"source": "digits", "validation": 200},
    "samples": 1000,
    "teacher": {"widths": [16, 32], "size": 8},
    "student": {"widths": [4, 8], "size": 8},
    **{key: {**SETTINGS[key], "learning_rate": 1e-2} for key in ("teacher_training", "keras_training")},
    "rates": [1e-2, 2e-2],
}


def run(bench: Bench) -> None:
    settings = bench.settings
    dataset = some(bench.load(), settings["samples"], seed=0)
    teacher = _teacher(bench, dataset)
    untested = without_test(dataset)  # each student would ask the large teacher about it, for a figure that is known
    method = {"method": "soft-targets", "temperature": settings["temperature"], "hard_weight": settings["alpha"]}
    training = {**settings["training"], "learning_rate": _rate(bench, untested)}
    for seed in bench.seeds:
        _keras_pair(bench, seed, teacher, dataset)
        student = keras_side.in_torch(_student(bench, seed))
        result = bench.distill("edgekd", seed, str(teacher), student, untested, **method, **training)
        assert result.control is not None
        taught, control = (tested(model, dataset) for model in (result.student, result.control))
        bench.record("edgekd", seed, {"test_accuracy": taught, "gain": taught - control})
        bench.record("edgekd, control", seed, {"test_accuracy": control})
    bench.compare("edgekd", "edgekd", "edgekd, control")
    bench.compare("the example's procedure in Keras", "Keras", "Keras, control")
    bench.compare("gain of edgekd (left) beside the example's", "edgekd", "Keras", "gain", "points")
    bench.value("the teacher", *bench.figures("teacher"))


def _rate(bench: Bench, dataset: Dataset) -> float:
    def control(name: str, seed: int, rate: float) -> None:
        student = keras_side.in_torch(_student(bench, seed))
        bench.train(name, seed, student, dataset, learning_rate=rate, **bench.settings["training"])

    return bench.chosen("edgekd", bench.settings["rates"], control)


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
        np.save(folder / "answers.npy", keras_side.ask(model, dataset.x_train))
        _keep(kept, {"test_accuracy": keras_side.accuracy(model, dataset.x_test, dataset.y_test)})
    bench.record("teacher", 0, json.loads(kept.read_text()))
    return file


def _keras_pair(bench: Bench, seed: int, teacher: Path, dataset: Dataset) -> None:
    """A student taught by the example's procedure and its control, in Keras."""
    settings = bench.settings
    taught = {"alpha": settings["alpha"], "temperature": settings["temperature"]}
    training = {**settings["keras_training"], "seed": seed}
    folder = bench.place(dataset, *_keras_is(), sha256_of(teacher), settings["student"], taught, training)
    kept, x, y = folder / "figures.json", dataset.x_train, dataset.y_train
    if not kept.is_file():
        answers = np.load(teacher.with_name("answers.npy"))
        student = keras_side.distill(_student(bench, seed), x, y, answers, **taught, **training)
        control = keras_side.fit(_student(bench, seed), x, y, **training)
        x, y = dataset.x_test, dataset.y_test
        folder.mkdir(parents=True, exist_ok=True)
        _keep(kept, [keras_side.accuracy(model, x, y) for model in (student, control)])
    student, control = json.loads(kept.read_text())
    bench.record("Keras", seed, {"test_accuracy": student, "gain": student - control})
    bench.record("Keras, control", seed, {"test_accuracy": control})


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
