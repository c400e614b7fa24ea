"""Temperatures for a wide and a narrow student (Hinton et al. 2015, arXiv:1503.02531, section 3).

On MNIST, students with 300 or more units in a layer do about as well at every temperature above 8; with 30 units,
temperatures of 2.5 to 4 are clearly best. All temperatures of a seed share one control.
"""

from __future__ import annotations

from typing import Any

from distill_experiments.bench import Bench

TITLE = "temperatures"

_BUDGET = {"batch_size": 128, "learning_rate": 1e-3, "weight_decay": 1e-2}
SETTINGS: dict[str, Any] = {
    "data": {"source": "fashion-mnist", "validation": 5000},
    "temperatures": [1, 2, 3, 4, 5, 8, 10, 20],
    "teacher": {"model": "mlp", "options": {"inputs": 784, "hidden": [512, 512]}},
    "wide": {"model": "mlp", "options": {"inputs": 784, "hidden": [300, 300]}},
    "narrow": {"model": "mlp", "options": {"inputs": 784, "hidden": [30, 30]}},
    "teacher_training": {**_BUDGET, "epochs": 10},
    "student_training": {**_BUDGET, "epochs": 6},
    "method": {"method": "soft-targets", "hard_weight": 0.1},
}
SMALL: dict[str, Any] = {
    **SETTINGS,
    "data": {"source": "digits", "validation": 200},
    "temperatures": [1, 4],
    "teacher": {"model": "mlp", "options": {"inputs": 64, "hidden": [64]}},
    "wide": {"model": "mlp", "options": {"inputs": 64, "hidden": [32]}},
    "narrow": {"model": "mlp", "options": {"inputs": 64, "hidden": [6]}},
    "teacher_training": {**_BUDGET, "epochs": 5, "learning_rate": 1e-2},
    "student_training": {**_BUDGET, "epochs": 5, "learning_rate": 1e-2},
}


def run(bench: Bench) -> None:
    settings, dataset = bench.settings, bench.load()
    training = settings["student_training"]
    teacher = bench.train("teacher", 0, bench.network("teacher", 0), dataset, **settings["teacher_training"])
    for size in ("wide", "narrow"):
        control = f"{size}, control"
        for seed in bench.seeds:
            bench.train(control, seed, bench.network(size, seed + 1), dataset, **training)
        for temperature in settings["temperatures"]:
            name = f"{size}, T {temperature}"
            for seed in bench.seeds:
                options = {**settings["method"], "temperature": float(temperature), "control": False, **training}
                bench.distill(name, seed, teacher, bench.network(size, seed + 1), dataset, **options)
            bench.compare(name, name, control)
    bench.value("the teacher", *bench.figures("teacher"))
