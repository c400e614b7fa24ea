"""A network without regularization, taught by one with it (Hinton et al. 2015, arXiv:1503.02531, section 3).

On MNIST, 1200 units in each of two layers, dropout and images jittered by up to two pixels make 67 test errors; 800
units and nothing against overfitting 146; the same 800 with the large network's soft targets at temperature 20 make 74.
The student sees the images as they are, as its control does: what it knows of shifted ones it has from the teacher.

Fully connected teachers of 512 units with dropout, with shifts or without, were no better on the validation set than
the student alone, so the teacher is a convolutional network, that of `headline`. After 20 epochs a student gained
nothing, after 100 it did, more at temperature 4 than at 20: by one student each, on the validation set.
"""

from __future__ import annotations

from typing import Any

import edgekd
from distill_experiments.bench import Bench
from distill_experiments.experiments import headline

TITLE = "a network without regularization"

SETTINGS: dict[str, Any] = {
    "data": headline.SETTINGS["data"],
    "teacher": headline.SETTINGS["teacher"],
    "teacher_training": headline.SETTINGS["teacher_training"],
    "student": {"model": "mlp", "options": {"inputs": 784, "hidden": [256, 256]}},
    "student_training": {"batch_size": 128, "epochs": 100, "weight_decay": 0.0, "learning_rate": 2e-3},
    "method": {"method": "soft-targets", "temperature": 4.0, "hard_weight": 0.1},
}
SMALL: dict[str, Any] = {
    **SETTINGS,
    "data": headline.SMALL["data"],
    "teacher": headline.SMALL["teacher"],
    "teacher_training": headline.SMALL["teacher_training"],
    "student": {"model": "mlp", "options": {"inputs": 64, "hidden": [32]}},
    "student_training": {**SETTINGS["student_training"], "epochs": 5},
}
_TEACHER_SEED = 100  # no student has the initial weights or the order of samples of the teacher


def run(bench: Bench) -> None:
    settings, dataset = bench.settings, bench.load()
    network = bench.network("teacher", _TEACHER_SEED)
    trained = bench.train("teacher", _TEACHER_SEED, network, dataset, **settings["teacher_training"])
    teacher = edgekd.Teacher(trained, precision="bfloat16")
    options = {**settings["method"], **settings["student_training"]}
    for seed in bench.seeds:
        bench.distill("student", seed, teacher, bench.network("student", seed + 1), dataset, **options)
    for run in bench.runs:
        errors = round(len(dataset.x_test) * (1 - run["figures"]["test_accuracy"] / 100))
        bench.record(run["name"], run["seed"], {"errors": errors})
    bench.compare(f"errors of {len(dataset.x_test):,}", "student", "student, control", "errors", "errors")
    (errors,) = bench.figures("teacher", "errors")
    bench.value("the teacher makes", errors, "errors")
