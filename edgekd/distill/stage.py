"""The stage `distill` of a recipe: teachers, student and control, trained one after the other and kept.

What a network is made from (its part of the recipe, data, seed, teachers) is its identity: a network that is done is
kept while its identity stays, and one that was interrupted goes on at its last epoch.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from edgekd import data
from edgekd.config import Network, Recipe, Teacher
from edgekd.data import Dataset
from edgekd.distill.api import Soft, feed_of, identity_of
from edgekd.distill.augment import augment_named
from edgekd.distill.ensemble import ensemble
from edgekd.distill.inference import accuracy, predict
from edgekd.distill.inputs import Samples, channels_first, classes_of
from edgekd.distill.keep import Keeper, Trained
from edgekd.distill.macs import count_macs
from edgekd.distill.seeds import mixed, seeded
from edgekd.distill.training import Training, chosen_row, distillation_loss, fit, hard_loss
from edgekd.distill.work import Share, Work
from edgekd.errors import InputError
from edgekd.files import write_atomically
from edgekd.models import resolve, source_digest
from edgekd.progress import Progress, silent

_INITIAL_WEIGHTS = 3  # the place of a network's initial weights among the streams of a seed


def run_distill(recipe: Recipe, folder: Path, progress: Progress = silent) -> list[Path]:
    """Train what `recipe` says in the run directory `folder`; returns the files made.

    distill/teacher-N.safetensors, student.safetensors, control.safetensors: the weights kept. distill/distill.json:
    for each network its seed, history (see training.fit), accuracies in percent and seconds; the test set is asked
    once, after all training. distill/parts/: checkpoints and what is done, for going on after an interruption.
    Raises InputError for data and networks that do not fit, EdgekdError when training diverges.
    """
    return _Run(recipe, folder / "distill", progress).all()


class _Run:
    def __init__(self, recipe: Recipe, out: Path, progress: Progress) -> None:
        self._recipe, self._out, self._keeper = recipe, out, Keeper(out)
        source = recipe.data
        self._dataset = data.load(
            source.source, path=source.path, validation=source.validation, seed=recipe.seed, **source.options
        )
        self._train, self._val = _samples(self._dataset, "train"), _samples(self._dataset, "val")
        self._data_digests = [self._train.digest(), self._val.digest()]
        self._macs = {
            "teacher": self._checked("the teacher", recipe.teacher),
            "student": self._checked("the student", recipe.student),
        }
        self._work = Work(recipe, len(self._train.x), self._macs, self._views(recipe.distill.augment), progress)

    def all(self) -> list[Path]:
        recipe = self._recipe
        # Far from the student's, and no teacher is shared between two seeds of a recipe.
        seeds = [1000 * (recipe.seed + 1) + index for index in range(recipe.teacher.count)]
        teachers = [
            self._network(f"teacher-{index}", f"teacher {index + 1} of {len(seeds)}", recipe.teacher, seed)
            for index, seed in enumerate(seeds)
        ]
        student = self._network("student", "student", recipe.student, recipe.seed, teachers)
        control = self._network("control", "control", recipe.student, recipe.seed)
        networks = [*teachers, student, control]
        write_atomically(self._out / "distill.json", json.dumps(self._summary(teachers, student, control), indent=2))
        return [*(network.weights for network in networks), self._out / "distill.json"]

    def _checked(self, name: str, network: Network) -> int:
        """Multiply-accumulates of a network that fits the data; InputError when it does not."""
        model = self._new(network, 0)
        found = classes_of(model, f"{name} ({network.model})", self._val.x)
        if found != self._dataset.classes:
            raise InputError(
                f"{name} ({network.model}) has {found} classes, {self._dataset.name} {self._dataset.classes}",
                f"give it the right number, for example options = {{ classes = {self._dataset.classes} }}",
            )
        return count_macs(model, tuple(self._val.x.shape[1:]))

    def _new(self, network: Network, seed: int) -> nn.Module:
        """A network with the initial weights of its seed."""
        with seeded(mixed(seed, _INITIAL_WEIGHTS)):
            return resolve(network.model, **network.options)

    def _network(
        self, name: str, title: str, network: Network, seed: int, teachers: list[Trained] | None = None
    ) -> Trained:
        """The network `name`: loaded when it is done, trained (on) when it is not; teachers: of a student."""
        distill = self._recipe.distill
        taught = [t.record["sha256"] for t in teachers] if teachers else []
        softness = [distill.temperature, distill.hard_weight] if teachers else []
        training = self._training(network, seed)
        augment = network.augment if isinstance(network, Teacher) else distill.augment
        made_from = [network.model, network.options, asdict(training), augment, self._data_digests, taught, softness]
        if (source := source_digest(network.model)) is not None:
            made_from.append(source)
        identity = identity_of(*made_from, torch.__version__)
        model = self._new(network, seed)
        share = self._work.begin(name)
        if (kept := self._keeper.find(name, identity, model)) is not None:
            share(1.0, f"{title}, kept")
            return kept
        started = time.monotonic()
        soft = Soft([t.model for t in teachers], *softness) if teachers else None
        history = self._trained(
            model, training, augment, soft, title, share, self._keeper.checkpoint(name, identity), identity
        )
        row = chosen_row(history, training)
        record = {
            "seed": seed,
            "epoch": row["epoch"],
            "val_accuracy": row["val_accuracy"],
            "seconds": round(time.monotonic() - started, 2),
            "history": history,
        }
        return self._keeper.keep(name, identity, model, record)

    def _trained(
        self,
        model: nn.Module,
        training: Training,
        augment: str,
        soft: Soft | None,
        title: str,
        share: Share,
        checkpoint: Path,
        identity: str,
    ) -> list[dict[str, float]]:
        asking = self._work.asking if soft is not None else 0.0
        feed = feed_of(
            self._train,
            training,
            augment,
            soft,
            watch=lambda done: share(asking * done, f"{title}, asking the teachers"),
        )
        loss = hard_loss(training.label_smoothing)
        if soft is not None:
            loss = distillation_loss(soft.temperature, soft.hard_weight)
        return fit(
            model,
            feed,
            (self._val.x, self._val.y),
            training,
            loss,
            name=title,
            checkpoint=checkpoint,
            identity=identity,
            watch=lambda done, text: share(asking + (1 - asking) * done, text),
        )

    def _training(self, network: Network, seed: int) -> Training:
        return Training(
            epochs=network.epochs,
            batch_size=network.batch_size,
            learning_rate=network.learning_rate,
            weight_decay=network.weight_decay,
            optimizer=network.optimizer,
            select=self._recipe.distill.select,
            seed=seed,
        )

    def _views(self, augment: str) -> int:
        return augment_named(augment, tuple(self._train.x.shape[1:])).views

    def _summary(self, teachers: list[Trained], student: Trained, control: Trained) -> dict[str, Any]:
        """What distill.json says. Nothing was chosen by the test set: this is where it is asked."""
        test = _samples(self._dataset, "test")
        models = [t.model for t in teachers]
        both = {"val": self._val, "test": test}
        together = {f"{part}_accuracy": accuracy(ensemble(models, s.x, 1.0), s.y) for part, s in both.items()}

        def figures(trained: Trained) -> dict[str, Any]:
            tested = accuracy(predict(trained.model, test.x), test.y)
            parameters = sum(p.numel() for p in trained.model.parameters())
            return {**trained.record, "test_accuracy": tested, "parameters": parameters}

        return {
            "data": {
                "name": self._dataset.name,
                "sample_shape": list(self._dataset.sample_shape),
                "class_names": list(self._dataset.class_names),
                **{part: len(s.x) for part, s in {"train": self._train, **both}.items()},
            },
            "teachers": [{**figures(t), "macs": self._macs["teacher"]} for t in teachers],
            "ensemble": {"count": len(teachers), **together},
            "student": {**figures(student), "macs": self._macs["student"]},
            "control": {**figures(control), "macs": self._macs["student"]},
            "temperature": self._recipe.distill.temperature,
            "hard_weight": self._recipe.distill.hard_weight,
            "augment": self._recipe.distill.augment,
            "select": self._recipe.distill.select,
            "machine": {"processor": platform.machine(), "threads": torch.get_num_threads()},
            "versions": {name: importlib.metadata.version(name) for name in ("edgekd", "torch", "numpy")},
        }


def _samples(dataset: Dataset, part: str) -> Samples:
    x, y = getattr(dataset, f"x_{part}"), getattr(dataset, f"y_{part}")
    return Samples(channels_first(x), torch.from_numpy(y))
