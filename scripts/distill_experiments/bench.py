"""What every experiment works with: networks trained or distilled through edgekd's API, kept, counted, compared."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import edgekd
from distill_experiments.made import made
from edgekd import data, models
from edgekd.data import Dataset
from edgekd.data.dataset import Samples
from edgekd.distill.api import DistillResult
from edgekd.distill.comparison import compared
from edgekd.distill.identity import identity_of, module_digest
from edgekd.distill.inference import accuracy, predict
from edgekd.distill.inputs import channels_first
from edgekd.distill.methods.soft_targets import soften
from edgekd.distill.quantized import QuantizedNetwork

Settings = Mapping[str, Any]
Run = dict[str, Any]  # name, seed, figures
CHOOSING_SEED = 1000  # the first of the seeds that choose and do nothing else


class Bench:
    """One experiment under way.

    seeds: of students. Everything random follows from a seed: initial weights, order, augmentation, subsets.
    cache: trainings are kept in folders named by what decides their results: networks, data, options, the sources of
    edgekd.distill. A change of one trains anew, and experiments share what is the same, such as teachers.
    """

    def __init__(self, settings: Settings, seeds: int, cache: Path) -> None:
        self.settings, self.seeds = settings, range(seeds)
        self.runs: list[Run] = []
        self.comparisons: list[dict[str, Any]] = []
        self.values: list[dict[str, Any]] = []
        self._answers, self._trainings, self._made = cache / "answers", cache / "trainings", cache / "made"

    def load(self, key: str = "data") -> Dataset:
        """The data set that settings[key] describes; the validation set is the same for all seeds."""
        said = self.settings[key]
        path = made(said["made_by"], self._made) if "made_by" in said else None
        return data.load(said["source"], path=path, validation=said["validation"], **said.get("options", {}))

    def network(self, key: str, seed: int, **options: Any) -> nn.Module:
        """The network that settings[key] describes, with initial weights of `seed`."""
        said = self.settings[key]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return models.resolve(said["model"], **{**said["options"], **options})

    def train(self, name: str, seed: int, network: nn.Module, dataset: Dataset, **options: Any) -> nn.Module:
        """edgekd.train, once: returns the trained network."""
        place = self._place(network, None, dataset, {"seed": seed, **options})
        result = edgekd.train(network, dataset, checkpoint=place, progress=_said(name, seed), seed=seed, **options)
        self.record(name, seed, {**_known(result.metrics, dataset), **_cost(result.history)})
        return result.model

    def distill(
        self,
        name: str,
        seed: int,
        teacher: Any,
        network: nn.Module,
        dataset: Dataset,
        unlabelled: Samples | None = None,
        **options: Any,
    ) -> DistillResult:
        """edgekd.distill, once. A control that is trained along is a run of its own, `NAME, control`.

        unlabelled: samples, channels last, to learn from instead of the training samples of the data set.
        """
        said: dict[str, Any] = {"seed": seed, **options}
        if unlabelled is not None:
            said["unlabelled"] = hashlib.sha256(np.ascontiguousarray(unlabelled).tobytes()).hexdigest()
        place = self._place(network, teacher, dataset, said)
        result = edgekd.distill(
            teacher,
            network,
            dataset if unlabelled is None else channels_first(unlabelled),
            dataset,
            cache=self._answers,
            checkpoint=place,
            progress=_said(name, seed),
            seed=seed,
            **options,
        )
        metrics, prefix = _known(result.metrics, dataset), "control_"
        own = {key: value for key, value in metrics.items() if not key.startswith((prefix, "teacher_"))}
        if unlabelled is not None:
            own["test_accuracy"] = tested(result.student, dataset)
        self.record(name, seed, {**own, **_cost(result.history)})
        if result.control is not None:
            found = {key.removeprefix(prefix): value for key, value in metrics.items() if key.startswith(prefix)}
            self.record(f"{name}, control", seed, {**found, **_cost(result.control_history)})
        return result

    def quantize(
        self, name: str, seed: int, student: nn.Module, dataset: Dataset, teacher: Any = None, **options: Any
    ) -> QuantizedNetwork:
        """edgekd.quantize_aware, once: returns the network in int8 steps, which edgekd.convert takes."""
        place = self._place(student, teacher, dataset, {"seed": seed, **options})
        result = edgekd.quantize_aware(
            student,
            dataset,
            teacher=teacher,
            cache=self._answers,
            checkpoint=place,
            progress=_said(name, seed),
            seed=seed,
            **options,
        )
        self.record(name, seed, {**_known(result.metrics, dataset), **_cost(result.history)})
        return result.network

    def chosen(
        self, name: str, rates: Sequence[float], train: Callable[[str, int, float], Any], seeds: int = 1
    ) -> float:
        """The learning rate of a kind of training that suits labels alone best, by the mean on the validation set.

        train: (name, seed, rate) trains a control; so many seeds are used for nothing else.
        """
        found = []
        for rate in rates:
            for seed in range(CHOOSING_SEED, CHOOSING_SEED + seeds):
                train(f"choosing: {name}, {rate:g}", seed, rate)
            found.append(statistics.fmean(self.figures(f"choosing: {name}, {rate:g}", "val_accuracy")))
        best = rates[found.index(max(found))]
        self.value(f"learning rate, {name}:", best, "")
        return best

    def record(self, name: str, seed: int, figures: Mapping[str, float]) -> None:
        """Keep the figures of a run, beside those it has already."""
        for run in self.runs:
            if (run["name"], run["seed"]) == (name, seed):
                run["figures"] |= figures
                return
        self.runs.append({"name": name, "seed": seed, "figures": dict(figures)})

    def figures(self, name: str, figure: str = "test_accuracy") -> list[float]:
        """One figure of all runs of a name, in the order of their seeds."""
        runs = sorted((run for run in self.runs if run["name"] == name), key=lambda run: run["seed"])
        return [run["figures"][figure] for run in runs]

    def compare(
        self,
        title: str,
        student: str,
        control: str,
        figure: str = "test_accuracy",
        unit: str = "%",
        control_figure: str | None = None,
    ) -> None:
        """A figure of the runs of two names, pair by pair of a seed; control_figure: of the second, where another."""
        beside = control_figure or figure
        found = compared(self.figures(student, figure), self.figures(control, beside))
        names = {"student_runs": student, "control_runs": control, "figure": figure, "control_figure": beside}
        self.comparisons.append({"title": title, "unit": unit, **names, **found})

    def value(self, title: str, value: float, unit: str = "%") -> None:
        """A number that stands for itself: a teacher's accuracy, a share."""
        self.values.append({"title": title, "value": value, "unit": unit})

    def result(self) -> dict[str, Any]:
        return {"comparisons": self.comparisons, "values": self.values, "runs": self.runs}

    def place(self, dataset: Dataset, *given: Any) -> Path:
        """The folder of a training that is not edgekd's. given: what decides it beside the data, JSON values."""
        circumstances = [torch.__version__, torch.get_num_threads()]
        return self._trainings / identity_of(circumstances, _digest_of(dataset), given)[:24]

    def _place(self, network: nn.Module, teacher: Any, dataset: Dataset, options: Mapping[str, Any]) -> Path:
        """The folder of one training. teacher: see edgekd.distill; None without one."""
        circumstances = [torch.__version__, torch.get_num_threads(), _sources()]
        given = [module_digest(network), _digests(teacher), _digest_of(dataset), dict(options)]
        return self._trainings / identity_of(circumstances, given)[:24]


def some(dataset: Dataset, count: int, seed: int, after: int = 0) -> Dataset:
    """The data set with `count` training samples, drawn by `seed`, instead of all; after: so many drawn before them."""
    drawn = np.random.default_rng(seed).permutation(len(dataset.x_train))
    return _chosen(dataset, np.sort(drawn[after : after + count]))


def of_classes(dataset: Dataset, classes: Sequence[int]) -> Dataset:
    """The data set with those training samples alone that are of some classes."""
    return _chosen(dataset, np.flatnonzero(np.isin(dataset.y_train, classes)))


def without_test(dataset: Dataset) -> Dataset:
    """The data set with its validation samples for test samples: for trainings whose tests would be wasted time."""
    return dataclasses.replace(dataset, x_test=dataset.x_val, y_test=dataset.y_val)


def tested(model: nn.Module, dataset: Dataset) -> float:
    """Accuracy on the test set, percent."""
    return accuracy(predict(model, channels_first(dataset.x_test)), torch.from_numpy(dataset.y_test))


def together(teachers: Sequence[nn.Module], dataset: Dataset) -> float:
    """Accuracy on the test set, percent, of the mean of the teachers' probabilities."""
    x = channels_first(dataset.x_test)
    said = torch.stack([soften(predict(teacher, x), 1.0) for teacher in teachers]).mean(dim=0)
    return accuracy(said, torch.from_numpy(dataset.y_test))


def _chosen(dataset: Dataset, places: Any) -> Dataset:
    return dataclasses.replace(dataset, x_train=dataset.x_train[places], y_train=dataset.y_train[places])


def _known(metrics: Mapping[str, float], dataset: Dataset) -> dict[str, float]:
    """The figures of a training, less those of a test set it did not have."""
    untested = dataset.x_test is dataset.x_val
    return {key: value for key, value in metrics.items() if not (untested and "test_" in key)}


def _digest_of(dataset: Dataset) -> str:
    """Of what networks are trained and chosen by."""
    digest = hashlib.sha256()
    for array in (dataset.x_train, dataset.y_train, dataset.x_val, dataset.y_val):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _cost(history: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {"epochs": len(history), "seconds": round(sum(row["seconds"] for row in history), 1)}


def _said(name: str, seed: int) -> Callable[..., None]:
    """A progress that says when an epoch begins, for logs as well as for people."""
    last = [""]

    def progress(done: float, total: float, text: str = "") -> None:
        line = ", ".join(text.split(", ")[:2])  # who, which epoch
        if line != last[0]:
            last[0] = line
            print(f"{name}, seed {seed}: {text}", file=sys.stderr, flush=True)

    return progress


def _digests(teacher: Any) -> list[list[str]]:
    """Of each teacher: a module or a file, or an edgekd.Teacher of one."""
    teachers = teacher if isinstance(teacher, (list, tuple)) else [] if teacher is None else [teacher]
    specs = [one if isinstance(one, edgekd.Teacher) else edgekd.Teacher(one) for one in teachers]
    how = [[str(getattr(spec, field.name)) for field in dataclasses.fields(spec)[1:]] for spec in specs]
    return [[_source_digest(spec.source), *fields] for spec, fields in zip(specs, how, strict=True)]


def _source_digest(source: Any) -> str:
    if isinstance(source, nn.Module):
        return module_digest(source)
    return hashlib.sha256(Path(source).read_bytes()).hexdigest()


@functools.cache
def _sources() -> str:
    """A digest of edgekd's training; networks and data are in the key themselves."""
    root = Path(edgekd.__file__).parent / "distill"
    digest = hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        digest.update(file.relative_to(root).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()
