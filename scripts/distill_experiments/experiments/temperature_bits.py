"""Temperatures in float and in few bits: two stages beside quantized training from scratch.

Intel's Distiller (github.com/IntelLabs/distiller) has ResNet-20 on CIFAR-10 gain 1.1 points at a temperature of 5, and
quantized training from scratch fail at high ones. Two stages here are those of edgekd: distillation in float, then
edgekd.quantize_aware against the same teacher. From scratch is edgekd.quantize_aware on an untrained network, for as
many epochs as both stages have: batch normalisation is folded then before it has seen anything, so that the network
trains without it, as every student and control of that kind does.

Each student's control is trained in the same way with labels alone, and the learning rate of each kind of training is
the one that suits a control best; fine-tuning has edgekd's default. Two-stage students are converted and judged on
TensorFlow Lite Micro's kernels; conversion fails where a scale or weight is not the learned one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

import edgekd
from distill_experiments.bench import Bench
from edgekd.convert.api import convert_all
from edgekd.data import Dataset

TITLE = "temperatures and bits"

_BUDGET = {"batch_size": 64, "weight_decay": 0.0}
SETTINGS: dict[str, Any] = {
    "data": {"source": "digits", "validation": 200},
    "temperatures": [1, 2, 5, 10],
    "bits": [8, 4],
    "bits_from_scratch": 4,
    "teacher": {"model": "teacher_cnn", "options": {"image_size": 8, "width": 12}},
    "student": {"model": "student_cnn", "options": {"image_size": 8, "width": 4}},
    "teacher_training": {**_BUDGET, "epochs": 10, "learning_rate": 1e-2},
    "float": {**_BUDGET, "epochs": 20},
    "fine-tuning": {**_BUDGET, "epochs": 4},
    "rates": {"float": [1e-2, 3e-2], "from scratch": [3e-3, 1e-2]},
    "hard_weight": 0.1,
}
SMALL: dict[str, Any] = {
    **SETTINGS,
    "temperatures": [10],
    "float": {**_BUDGET, "epochs": 2},
    "fine-tuning": {**_BUDGET, "epochs": 1},
    "rates": {"float": [1e-2], "from scratch": [3e-3]},
}
_CALIBRATION = 500
_LABELS = "labels"  # in place of a temperature: a control


def run(bench: Bench) -> None:
    settings, dataset = bench.settings, bench.load()
    teacher = bench.train("teacher", 0, bench.network("teacher", 0), dataset, **settings["teacher_training"])
    trial = _Trial(bench, teacher, dataset)
    for seed in bench.seeds:
        for temperature in (None, *settings["temperatures"]):
            trial.run(seed, temperature)
    trial.convert()
    two_stages = [f"{bits}-bit, two stages" for bits in settings["bits"]]
    for kind in ("float", *two_stages, f"{settings['bits_from_scratch']}-bit, from scratch"):
        figure = "tflite_test_accuracy" if kind.endswith("two stages") else "test_accuracy"
        for temperature in settings["temperatures"]:
            name = f"{kind}, T {temperature}"
            bench.compare(name, name, f"{kind}, {_LABELS}", figure)
    bench.value("the teacher", *bench.figures("teacher"))


class _Trial:
    """Students and controls of all kinds."""

    def __init__(self, bench: Bench, teacher: nn.Module, dataset: Dataset) -> None:
        self._bench, self._teacher, self._dataset = bench, teacher, dataset
        self._two_stages: dict[tuple[str, int], nn.Module] = {}
        rates = bench.settings["rates"]
        self._float_rate = bench.chosen("float", rates["float"], self._float)
        self._scratch_rate = bench.chosen("from scratch", rates["from scratch"], self._from_scratch)

    def run(self, seed: int, temperature: float | None) -> None:
        """All students of a seed at a temperature; with None, the controls."""
        said = _LABELS if temperature is None else f"T {temperature}"
        student = self._float(f"float, {said}", seed, self._float_rate, temperature)
        for bits in self._bench.settings["bits"]:
            name, tuning = f"{bits}-bit, two stages, {said}", self._bench.settings["fine-tuning"]
            self._two_stages[name, seed] = self._quantized(name, seed, student, bits, tuning, temperature)
        name = f"{self._bench.settings['bits_from_scratch']}-bit, from scratch, {said}"
        self._from_scratch(name, seed, self._scratch_rate, temperature)

    def convert(self) -> None:
        """Record what the .tflite of each two-stage student reaches."""
        bench, dataset = self._bench, self._dataset
        with tempfile.TemporaryDirectory(prefix="edgekd-experiment-") as folder:
            files = {key: Path(folder, f"{number}.tflite") for number, key in enumerate(self._two_stages)}
            convert_all({file: self._two_stages[key] for key, file in files.items()}, dataset.x_train[:_CALIBRATION])
            for (name, seed), file in files.items():
                accuracy = edgekd.verify(file, dataset.x_test, dataset.y_test).accuracy
                bench.record(name, seed, {"tflite_test_accuracy": accuracy})

    def _float(self, name: str, seed: int, rate: float, temperature: float | None = None) -> nn.Module:
        bench, network = self._bench, self._bench.network("student", seed + 1)
        options = {**bench.settings["float"], "learning_rate": rate}
        if temperature is None:
            bench.train(name, seed, network, self._dataset, **options)
        else:
            options |= {**self._method(temperature), "control": False}
            bench.distill(name, seed, self._teacher, network, self._dataset, **options)
        return network

    def _from_scratch(self, name: str, seed: int, rate: float, temperature: float | None = None) -> None:
        bench, settings, bits = self._bench, self._bench.settings, self._bench.settings["bits_from_scratch"]
        epochs = settings["float"]["epochs"] + settings["fine-tuning"]["epochs"]
        options = {**settings["float"], "epochs": epochs, "learning_rate": rate}
        self._quantized(name, seed, bench.network("student", seed + 1), bits, options, temperature)

    def _quantized(
        self,
        name: str,
        seed: int,
        network: nn.Module,
        bits: int,
        options: Mapping[str, Any],
        temperature: float | None,
    ) -> nn.Module:
        taught = {} if temperature is None else {"teacher": self._teacher, **self._method(temperature)}
        return self._bench.quantize(name, seed, network, self._dataset, weight_bits=bits, **options, **taught)

    def _method(self, temperature: float) -> dict[str, Any]:
        hard_weight = self._bench.settings["hard_weight"]
        return {"method": "soft-targets", "temperature": float(temperature), "hard_weight": hard_weight}
