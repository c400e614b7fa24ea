"""The networks and settings of Keras' example "Knowledge Distillation".

keras.io/examples/vision/knowledge_distillation: there, on MNIST, a teacher of 97.6 % teaches a student to 98.1 % that
reaches 97.6 % from scratch: batches of 64, Adam's usual rate, 5 epochs for the teacher, 3 for students, alpha (the
weight of the labels) 0.1, temperature 10. Written in torch here, with the padding of TensorFlow's "same".
"""

from __future__ import annotations

from typing import Any

from torch import nn

from distill_experiments.bench import Bench

TITLE = "the networks of Keras' example"

_PLACE = f"{__name__}:strided_cnn"
_BUDGET = {"batch_size": 64, "learning_rate": 1e-3, "weight_decay": 0.0}
SETTINGS: dict[str, Any] = {
    "data": {"source": "fashion-mnist", "validation": 5000},
    "teacher": {"model": _PLACE, "options": {"widths": [256, 512], "size": 28}},
    "student": {"model": _PLACE, "options": {"widths": [16, 32], "size": 28}},
    "teacher_training": {**_BUDGET, "epochs": 5},
    "student_training": {**_BUDGET, "epochs": 3},
    "method": {"method": "soft-targets", "temperature": 10.0, "hard_weight": 0.1},
}
SMALL: dict[str, Any] = {
    **SETTINGS,
    "data": {"source": "digits", "validation": 200},
    "teacher": {"model": _PLACE, "options": {"widths": [16, 32], "size": 8}},
    "student": {"model": _PLACE, "options": {"widths": [4, 8], "size": 8}},
    "teacher_training": {**_BUDGET, "epochs": 5, "learning_rate": 1e-2},
    "student_training": {**_BUDGET, "epochs": 3, "learning_rate": 1e-2},
}


def strided_cnn(*, widths: list[int], size: int) -> nn.Sequential:
    """Two 3×3 convolutions at stride 2, a leaky ReLU and a 2×2 maximum at stride 1 between them, a linear classifier.

    widths: channels of the convolutions. size: pixels of a side, a multiple of 4; one channel.
    """
    end = (0, 1, 0, 1)  # left, right, top, bottom: where TensorFlow pads
    return nn.Sequential(
        nn.ZeroPad2d(end),
        nn.Conv2d(1, widths[0], 3, stride=2),
        nn.LeakyReLU(0.2),
        nn.ReplicationPad2d(end),  # changes no maximum, as TensorFlow's padding changes none
        nn.MaxPool2d(2, stride=1),
        nn.ZeroPad2d(end),
        nn.Conv2d(widths[0], widths[1], 3, stride=2),
        nn.Flatten(),
        nn.Linear(widths[1] * (size // 4) ** 2, 10),
    )


def run(bench: Bench) -> None:
    settings, dataset = bench.settings, bench.load()
    teacher = bench.train("teacher", 0, bench.network("teacher", 0), dataset, **settings["teacher_training"])
    for seed in bench.seeds:
        options = {**settings["method"], **settings["student_training"]}
        bench.distill("student", seed, teacher, bench.network("student", seed + 1), dataset, **options)
    bench.compare("distilled against from scratch", "student", "student, control")
    bench.value("the teacher", *bench.figures("teacher"))
