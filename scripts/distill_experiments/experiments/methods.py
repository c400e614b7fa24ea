"""Every built-in method against the control.

Options are chosen first, by the validation accuracy of one student of a seed that is used for nothing else: the
learning rate by the control's, so that it suits labels alone, then those of each method.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from distill_experiments.bench import Bench
from edgekd.data import Dataset
from edgekd.distill import methods

TITLE = "methods"

_SOFT = {"hard_weight": 0.1, "soft_weight": 0.9}
# The defaults, which are the papers', come first.
CANDIDATES: dict[str, list[dict[str, Any]]] = {
    "soft-targets": [{}, {"temperature": 2.0}, {"temperature": 8.0}],
    "logit-standardization": [{}, {"soft_weight": 3.0}, {"temperature": 4.0}],
    "dkd": [{}, {"beta": 2.0}, {"beta": 1.0, "temperature": 2.0}],
    "dist": [{}, {"temperature": 1.0}, {"beta": 1.0, "gamma": 1.0}],
    "fitnets": [{}, {"weight": 0.5}, {"weight": 0.5, **_SOFT}],
    "attention-transfer": [{}, {"weight": 100.0}, {"weight": 100.0, **_SOFT}],
    "similarity-preserving": [{}, {"weight": 300.0}, {"weight": 300.0, **_SOFT}],
    "rkd": [{}, {"distance": 5.0, "angle": 10.0}, {"distance": 5.0, "angle": 10.0, **_SOFT}],
    "crd": [{"negatives": 1024}, {"negatives": 1024, "weight": 0.2}, {"negatives": 1024, "weight": 0.2, **_SOFT}],
    "mutual": [{}, {"temperature": 2.0}, {"temperature": 4.0}],
    "born-again": [{}, {"temperature": 2.0}, {"temperature": 4.0, "hard_weight": 0.1}],
    "function-matching": [{}, {"temperature": 2.0}, {"temperature": 4.0}],
}
_BUDGET = {"batch_size": 128, "weight_decay": 5e-4, "optimizer": "sgd"}
SETTINGS: dict[str, Any] = {
    "data": {"source": "fashion-mnist", "validation": 5000},
    "teacher": {"model": "teacher_cnn", "options": {"width": 24}},
    "student": {"model": "student_cnn", "options": {"width": 8}},
    "teacher_training": {**_BUDGET, "epochs": 8, "learning_rate": 0.1},
    "student_training": {**_BUDGET, "epochs": 5},
    "learning_rates": [0.1, 0.03, 0.2],
    "candidates": CANDIDATES,
}
SMALL: dict[str, Any] = {
    **SETTINGS,
    "data": {"source": "digits", "validation": 200},
    "teacher": {"model": "teacher_cnn", "options": {"image_size": 8, "width": 8}},
    "student": {"model": "student_cnn", "options": {"image_size": 8, "width": 4}},
    "teacher_training": {**_BUDGET, "epochs": 4, "learning_rate": 0.1},
    "student_training": {**_BUDGET, "epochs": 2},
    "learning_rates": [0.1, 0.03],
    "candidates": {name: options[:1] for name, options in CANDIDATES.items()},
}
_CHOOSING_SEED = 1000
_PEER_SEED = 2000  # of mutual learning: beside a student of a seed, a peer of this much more


def run(bench: Bench) -> None:
    settings, dataset = bench.settings, bench.load()
    assert settings["candidates"].keys() == methods.METHODS.keys()
    teacher = bench.train("teacher", 0, bench.network("teacher", 0), dataset, **settings["teacher_training"])
    chosen = [_control(bench, f"choosing: control, {rate:g}", _CHOOSING_SEED, dataset, rate) for rate in _rates(bench)]
    rate = _rates(bench)[chosen.index(max(chosen))]
    for seed in bench.seeds:
        _control(bench, "control", seed, dataset, rate)
    for method, candidates in settings["candidates"].items():
        tried = []
        for number, options in enumerate(candidates):
            name = f"choosing: {method}, {number}"
            _student(bench, name, _CHOOSING_SEED, method, options, teacher, dataset, rate)
            tried.append(bench.figures(name, "val_accuracy")[0])
        best = candidates[tried.index(max(tried))]
        for seed in bench.seeds:
            _student(bench, method, seed, method, best, teacher, dataset, rate)
        said = ", ".join(f"{key} {value:g}" for key, value in best.items())
        bench.compare(f"{method} ({said})" if said else method, method, "control")
    bench.value("the teacher", *bench.figures("teacher"))
    bench.value("learning rate", rate, "")


def _rates(bench: Bench) -> list[float]:
    rates: list[float] = bench.settings["learning_rates"]
    return rates


def _control(bench: Bench, name: str, seed: int, dataset: Dataset, rate: float) -> float:
    """Returns its accuracy on the validation set."""
    training = {**bench.settings["student_training"], "learning_rate": rate}
    bench.train(name, seed, bench.network("student", seed + 1), dataset, **training)
    return bench.figures(name, "val_accuracy")[0]


def _student(
    bench: Bench,
    name: str,
    seed: int,
    method: str,
    options: Mapping[str, Any],
    teacher: nn.Module,
    dataset: Dataset,
    rate: float,
) -> None:
    """A student taught by the teacher, in mutual learning by a peer, in born-again networks by its own control."""
    training = {**bench.settings["student_training"], "learning_rate": rate, "control": False}
    peer = bench.network("student", seed + _PEER_SEED) if method == "mutual" else None
    taught_by = peer if method in ("mutual", "born-again") else teacher
    bench.distill(
        name, seed, taught_by, bench.network("student", seed + 1), dataset, method=method, **options, **training
    )
