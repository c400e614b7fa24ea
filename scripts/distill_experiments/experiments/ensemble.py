"""One network that keeps what an ensemble gained (Hinton et al. 2015, arXiv:1503.02531, section 5.1, table 1).

In speech, ten networks gain 2.2 points of frame accuracy over one (58.9 to 61.1 %), and one distilled network of the
same size keeps 1.9 of them (60.8 %, 86 %). Teachers, student and control are one network here, too, and train equally
long on the same samples. Networks gain together by where they differ, so samples are few and epochs many; all of them
see shifted samples, so that the teachers have more to tell than labels that they know by heart.

Settings were chosen on 10,000 other samples of the training set, by one or two students each, three or four teachers
and seeds used for nothing else. With 2,500 samples and 30 epochs a student kept less of the gain there than with 1,000,
500 or 300 and fewer steps; temperature 2 did as 4, function matching (Beyer et al. 2022) worse than soft targets. Wider
networks and still longer trainings were not tried.
"""

from __future__ import annotations

import statistics
from typing import Any

from distill_experiments.bench import Bench, some, together

TITLE = "an ensemble of ten in one network"

_BUDGET = {"batch_size": 64, "learning_rate": 0.1, "weight_decay": 5e-4, "optimizer": "sgd", "precision": "bfloat16"}
SETTINGS: dict[str, Any] = {
    "data": {"source": "fashion-mnist", "validation": 100},  # seen by nothing but the progress
    "samples": 500,
    "teachers": 10,
    "network": {"model": "teacher_cnn", "options": {"width": 16}},
    "augment": "shift",
    "training": {**_BUDGET, "epochs": 160},
    "method": {"method": "soft-targets", "temperature": 4.0, "hard_weight": 0.0},
}
SMALL: dict[str, Any] = {
    **SETTINGS,
    "data": {"source": "digits", "validation": 200},
    "samples": 500,
    "teachers": 3,
    "network": {"model": "teacher_cnn", "options": {"image_size": 8, "width": 4}},
    "training": {**_BUDGET, "epochs": 6, "batch_size": 32},
}
_TEACHER_SEED = 100  # no student has the initial weights or the order of samples of a teacher


def run(bench: Bench) -> None:
    settings = bench.settings
    dataset = bench.load()
    if "samples" in settings:
        dataset = some(dataset, settings["samples"], seed=0)
    seeds = [_TEACHER_SEED + number for number in range(settings["teachers"])]
    options = {"augment": settings["augment"], **settings["training"]}
    teachers = [bench.train("teacher", seed, bench.network("network", seed), dataset, **options) for seed in seeds]
    for seed in bench.seeds:
        network = bench.network("network", seed)
        bench.distill("student", seed, teachers, network, dataset, **settings["method"], **options)
    bench.compare(f"one network, taught by {len(teachers)} of its size", "student", "student, control")
    _tell(bench, bench.figures("teacher"), together(teachers, dataset))


def _tell(bench: Bench, alone: list[float], all_of_them: float) -> None:
    """How much of the ensemble's gain over the mean of its networks a student has, and its control, 0 on average."""
    mean = statistics.fmean(alone)
    gain = all_of_them - mean
    if gain > 0:
        for name in ("student", "student, control"):
            for seed, accuracy in zip(bench.seeds, bench.figures(name), strict=True):
                bench.record(name, seed, {"share_of_gain": 100 * (accuracy - mean) / gain})
        bench.compare("share of the ensemble's gain", "student", "student, control", "share_of_gain")
    bench.value(f"{len(alone)} teachers, mean", mean)
    bench.value("deviation of the teachers", statistics.stdev(alone), "points")
    bench.value("together", all_of_them)
    bench.value("gain of the ensemble", gain, "points")
