"""Soft targets of 3 % of the data (Hinton et al. 2015, arXiv:1503.02531, section 6).

In speech, 3 % of the frames with hard targets and early stopping give 44.5 %, the same 3 % with soft targets of a
network trained on everything 57.0 %, of the 58.9 % of that network. Here the student is the teacher's own network too;
early stopping is the best epoch on the validation set, for students and controls.
"""

from __future__ import annotations

import statistics
from typing import Any

from distill_experiments.bench import Bench, some

TITLE = "3 % of the data"

_BUDGET = {"batch_size": 64, "learning_rate": 1e-3, "weight_decay": 1e-2}
SETTINGS: dict[str, Any] = {
    "data": {"source": "fashion-mnist", "validation": 5000},
    "share": 0.03,
    "network": {"model": "mlp", "options": {"inputs": 784, "hidden": [256, 256]}},
    "teacher_training": {**_BUDGET, "epochs": 8, "batch_size": 128},
    "student_training": {**_BUDGET, "epochs": 60, "select": "validation"},
    "method": {"method": "soft-targets", "temperature": 4.0, "hard_weight": 0.1},
}
SMALL: dict[str, Any] = {
    **SETTINGS,
    "data": {"source": "digits", "validation": 200},
    "network": {"model": "mlp", "options": {"inputs": 64, "hidden": [32]}},
    "teacher_training": {**_BUDGET, "epochs": 10, "learning_rate": 1e-2},
    "student_training": {**_BUDGET, "epochs": 40, "learning_rate": 1e-2, "select": "validation"},
}


def run(bench: Bench) -> None:
    settings = bench.settings
    dataset = bench.load()
    count = round(settings["share"] * len(dataset.x_train))
    teacher = bench.train("all data", 0, bench.network("network", 0), dataset, **settings["teacher_training"])
    name = f"{100 * settings['share']:g} % of the data"
    for seed in bench.seeds:
        network, few = bench.network("network", seed + 1), some(dataset, count, seed)
        bench.distill(name, seed, teacher, network, few, **settings["method"], **settings["student_training"])
    bench.compare(f"soft against hard targets, {count:,} samples", name, f"{name}, control")
    (full,) = bench.figures("all data")
    bench.value("the same network on all data", full)
    for title, which in (("soft targets keep", name), ("hard targets keep", f"{name}, control")):
        bench.value(f"of it {title}", 100 * statistics.fmean(bench.figures(which)) / full)
