"""Temperatures for a wide and a narrow student (Hinton et al. 2015, arXiv:1503.02531, section 3).

On MNIST, students with 300 or more units in a layer do about as well at every temperature above 8; with 30 units,
temperatures of 2.5 to 4 are clearly best. Here the teacher sees all data and the students a part of it, for as many
epochs as they then need. All temperatures of a seed share one control, and the learning rate is one that suits it.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from distill_experiments.bench import Bench, some
from edgekd.data import Dataset

TITLE = "temperatures"

_BUDGET = {"batch_size": 128, "weight_decay": 1e-2}
SETTINGS: dict[str, Any] = {
    "data": {"source": "fashion-mnist", "validation": 5000},
    "samples": 3000,
    "temperatures": [1, 2, 4, 8, 20],
    "teacher": {"model": "mlp", "options": {"inputs": 784, "hidden": [512, 512]}},
    "wide": {"model": "mlp", "options": {"inputs": 784, "hidden": [300, 300]}},
    "narrow": {"model": "mlp", "options": {"inputs": 784, "hidden": [30, 30]}},
    "teacher_training": {**_BUDGET, "epochs": 4, "learning_rate": 1e-3},
    "student_training": {**_BUDGET, "epochs": 30},
    "rates": [1e-3, 3e-3],
    "method": {"method": "soft-targets", "hard_weight": 0.1},
}
SMALL: dict[str, Any] = {
    **SETTINGS,
    "data": {"source": "digits", "validation": 200},
    "samples": 1000,
    "temperatures": [1, 4],
    "teacher": {"model": "mlp", "options": {"inputs": 64, "hidden": [64]}},
    "wide": {"model": "mlp", "options": {"inputs": 64, "hidden": [32]}},
    "narrow": {"model": "mlp", "options": {"inputs": 64, "hidden": [6]}},
    "teacher_training": {**_BUDGET, "epochs": 5, "learning_rate": 1e-2},
    "student_training": {**_BUDGET, "epochs": 5},
    "rates": [1e-2, 3e-2],
}


def run(bench: Bench) -> None:
    settings, dataset = bench.settings, bench.load()
    teacher = bench.train("teacher", 0, bench.network("teacher", 0), dataset, **settings["teacher_training"])
    few = some(dataset, settings["samples"], seed=0)
    for size in ("wide", "narrow"):
        _size(bench, size, teacher, few)
    bench.value("the teacher", *bench.figures("teacher"))


def _size(bench: Bench, size: str, teacher: nn.Module, dataset: Dataset) -> None:
    settings = bench.settings
    training = dict(settings["student_training"])

    def control(name: str, seed: int, rate: float) -> None:
        bench.train(name, seed, bench.network(size, seed + 1), dataset, learning_rate=rate, **training)

    rate = bench.chosen(size, settings["rates"], control)
    for seed in bench.seeds:
        control(f"{size}, control", seed, rate)
    for temperature in settings["temperatures"]:
        name = f"{size}, T {temperature}"
        options = {**settings["method"], **training, "temperature": float(temperature), "learning_rate": rate}
        for seed in bench.seeds:
            bench.distill(name, seed, teacher, bench.network(size, seed + 1), dataset, control=False, **options)
        bench.compare(name, name, f"{size}, control")
