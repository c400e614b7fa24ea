"""One network that keeps what an ensemble gained (Hinton et al. 2015, arXiv:1503.02531, section 5.1, table 1).

In speech, ten networks gain 2.2 points of frame accuracy over one (58.9 to 61.1 %), and one distilled network of the
same size keeps 1.9 of them (60.8 %, 86 %). Teachers, student and control are one network here, too, and train equally
long; the temperature is one of those the paper tried.
"""

from __future__ import annotations

import statistics
from typing import Any

from distill_experiments.bench import Bench, some, together

TITLE = "an ensemble of ten in one network"

_BUDGET = {"batch_size": 128, "learning_rate": 2e-3, "weight_decay": 1e-2}
SETTINGS: dict[str, Any] = {
    "data": {"source": "fashion-mnist", "validation": 5000},
    "samples": 20_000,
    "teachers": 10,
    "network": {"model": "mlp", "options": {"inputs": 784, "hidden": [128, 128]}},
    "training": {**_BUDGET, "epochs": 10},
    "method": {"method": "soft-targets", "temperature": 2.0, "hard_weight": 0.1},
}
SMALL: dict[str, Any] = {
    **SETTINGS,
    "data": {"source": "digits", "validation": 200},
    "samples": 1000,
    "teachers": 3,
    "network": {"model": "mlp", "options": {"inputs": 64, "hidden": [16]}},
    "training": {**_BUDGET, "epochs": 8, "learning_rate": 1e-2},
}
_TEACHER_SEED = 100  # no student has the initial weights or the order of samples of a teacher


def run(bench: Bench) -> None:
    settings = bench.settings
    dataset = some(bench.load(), settings["samples"], seed=0)
    seeds = [_TEACHER_SEED + number for number in range(settings["teachers"])]
    training = settings["training"]
    teachers = [bench.train("teacher", seed, bench.network("network", seed), dataset, **training) for seed in seeds]
    for seed in bench.seeds:
        bench.distill(
            "student", seed, teachers, bench.network("network", seed), dataset, **settings["method"], **training
        )
    alone, all_of_them = bench.figures("teacher"), together(teachers, dataset)
    bench.compare(f"one network, taught by {len(teachers)} of its size", "student", "student, control")
    student, control = (statistics.fmean(bench.figures(name)) for name in ("student", "student, control"))
    gain = all_of_them - statistics.fmean(alone)
    bench.value(f"{len(teachers)} teachers, mean", statistics.fmean(alone))
    bench.value("deviation of the teachers", statistics.stdev(alone), "points")
    bench.value("together", all_of_them)
    bench.value("gain of the ensemble", gain, "points")
    bench.value("of that gain the distilled network keeps", 100 * (student - control) / gain)
