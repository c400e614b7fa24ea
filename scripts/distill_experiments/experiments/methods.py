"""Every built-in method against the control: few labelled samples, and a teacher that saw more.

Options are chosen first, by the mean accuracy on the validation set of students whose seeds are used for nothing else:
the learning rate by the control's, so that it suits labels alone, then those of each method.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

from torch import nn

from distill_experiments.bench import CHOOSING_SEED, Bench, some
from edgekd.data import Dataset
from edgekd.errors import EdgekdError

TITLE = "methods, 200 labelled samples"

# The defaults, which are the papers', come first. A method may be given a lower rate than the control chose: some
# losses are many times a cross-entropy. "10" and "13": what the classifiers of the networks below see.
_SLOWER = {"learning_rate": 0.1}
_LAST = {"weight": 10.0, "student_layers": ["10"], "teacher_layers": ["13"]}
_SOFTER = {"temperature": 4.0, "hard_weight": 0.1}
CANDIDATES: dict[str, list[dict[str, Any]]] = {
    "soft-targets": [{}, {"temperature": 8.0}, _SLOWER],
    "logit-standardization": [{}, _SLOWER, {"learning_rate": 0.03}],
    "dkd": [{}, {"beta": 2.0}, {"beta": 2.0, **_SLOWER}],
    "dist": [{}, {"temperature": 1.0, **_SLOWER}, {"learning_rate": 0.03}],
    "fitnets": [{}, {**_LAST, **_SLOWER}, {**_LAST, "learning_rate": 0.05}],
    "attention-transfer": [{}, {"weight": 100.0}, {"weight": 10.0}],
    "similarity-preserving": [{}, {"weight": 1000.0}, {"weight": 1000.0, **_SLOWER}],
    "rkd": [{}, _SLOWER, {"distance": 5.0, "angle": 10.0}],
    "crd": [{}, _SLOWER, {"weight": 0.2}],
    "mutual": [{}, {"temperature": 4.0}, {"temperature": 4.0, **_SLOWER}],
    "born-again": [{}, _SOFTER, {**_SOFTER, **_SLOWER}],
    "function-matching": [{}, {"temperature": 4.0}, {"temperature": 4.0, **_SLOWER}],
}
_BUDGET = {"weight_decay": 5e-4, "optimizer": "sgd"}
SETTINGS: dict[str, Any] = {
    "data": {"source": "digits", "validation": 600},
    "labelled": 200,
    "teacher_samples": 837,  # all there are
    "teacher": {"model": "teacher_cnn", "options": {"image_size": 8}},
    "student": {"model": "student_cnn", "options": {"image_size": 8, "width": 4}},
    "teacher_training": {**_BUDGET, "epochs": 20, "batch_size": 64, "learning_rate": 0.1},
    "student_training": {**_BUDGET, "epochs": 40, "batch_size": 50},
    "learning_rates": [0.1, 0.03, 0.3],
    "choosing_seeds": 3,
    "candidates": CANDIDATES,
}
SMALL: dict[str, Any] = {
    **SETTINGS,
    "labelled": 100,
    "teacher": {"model": "teacher_cnn", "options": {"image_size": 8, "width": 8}},
    "teacher_training": {**SETTINGS["teacher_training"], "epochs": 4},
    "student_training": {**SETTINGS["student_training"], "epochs": 2},
    "learning_rates": [0.1, 0.03],
    "choosing_seeds": 1,
    "candidates": {name: options[-1:] for name, options in CANDIDATES.items()},  # some with a rate of their own
}
_PEER_SEED = 2000  # of mutual learning: beside a student of a seed, a peer of this much more


def run(bench: Bench) -> None:
    settings, dataset = bench.settings, bench.load()
    of_teacher = some(dataset, settings["teacher_samples"], seed=0)
    teacher = bench.train("teacher", 0, bench.network("teacher", 0), of_teacher, **settings["teacher_training"])

    def control(name: str, seed: int, rate: float) -> None:
        _control(bench, name, seed, dataset, rate)

    rate = bench.chosen("control", settings["learning_rates"], control, settings["choosing_seeds"])
    for seed in bench.seeds:
        control("control", seed, rate)
    for method, candidates in settings["candidates"].items():
        best = _chosen(bench, method, candidates, teacher, dataset, rate)
        for seed in bench.seeds:
            _student(bench, method, seed, method, best, teacher, dataset, rate)
        said = ", ".join(f"{key} {value:g}" for key, value in best.items() if isinstance(value, (int, float)))
        layers = ", last layers" if "student_layers" in best else ""
        bench.compare(f"{method} ({said}{layers})" if best else method, method, "control")
    bench.value(f"the teacher, of {settings['teacher_samples']:,} labelled samples", *bench.figures("teacher"))


def _chosen(
    bench: Bench,
    method: str,
    candidates: list[dict[str, Any]],
    teacher: nn.Module,
    dataset: Dataset,
    rate: float,
) -> dict[str, Any]:
    """The candidate that is best on the validation set; those that some training diverges with are none.

    Raises EdgekdError when none is left.
    """
    tried = {}
    for number, options in enumerate(candidates):
        name = f"choosing: {method}, {number}"
        try:
            for seed in _choosing_seeds(bench):
                _student(bench, name, seed, method, options, teacher, dataset, rate)
        except EdgekdError as error:
            if "diverged" not in error.message:
                raise
            continue
        tried[number] = statistics.fmean(bench.figures(name, "val_accuracy"))
    if not tried:
        raise EdgekdError(f"{method}: training diverged with every candidate", "add one with a lower learning rate")
    return candidates[max(tried, key=lambda number: tried[number])]


def _choosing_seeds(bench: Bench) -> range:
    return range(CHOOSING_SEED, CHOOSING_SEED + bench.settings["choosing_seeds"])


def _control(bench: Bench, name: str, seed: int, dataset: Dataset, rate: float) -> None:
    training = {**bench.settings["student_training"], "learning_rate": rate}
    few = some(dataset, bench.settings["labelled"], seed)
    bench.train(name, seed, bench.network("student", seed + 1), few, **training)


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
    few = some(dataset, bench.settings["labelled"], seed)
    peer = bench.network("student", seed + _PEER_SEED) if method == "mutual" else None
    taught_by = peer if method in ("mutual", "born-again") else teacher
    said = {**training, **options, "method": method}  # a candidate's own learning rate comes last
    bench.distill(name, seed, taught_by, bench.network("student", seed + 1), few, **said)
