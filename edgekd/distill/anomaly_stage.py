"""The stage `distill` of a recipe with task = "anomaly": autoencoders, trained on what is normal."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from edgekd import data
from edgekd.config import Network, Recipe
from edgekd.distill import loggers
from edgekd.distill.answers import Store
from edgekd.distill.augment import Augment
from edgekd.distill.comparison import compared
from edgekd.distill.feeds import ArrayFeed
from edgekd.distill.identity import identity_of
from edgekd.distill.inputs import Samples, channels_first
from edgekd.distill.keep import Keeper, Trained
from edgekd.distill.macs import count_macs
from edgekd.distill.options import training_of_network
from edgekd.distill.reconstruction import (
    auc_of,
    check_autoencoder,
    clip_errors,
    judged_by_error,
    reconstruction_loss,
    together,
)
from edgekd.distill.seeds import mixed, seeded
from edgekd.distill.training import chosen_row, fit
from edgekd.distill.work import Work, training_work
from edgekd.errors import InputError
from edgekd.files import write_atomically
from edgekd.models import resolve, source_digest
from edgekd.progress import Progress, silent

_INITIAL_WEIGHTS = 3  # the place of a network's initial weights among the streams of a seed
_HARD_WEIGHT = 0.5


def run_distill(recipe: Recipe, folder: Path, progress: Progress = silent) -> list[Path]:
    """Train teachers, student and control in the run directory `folder`; returns the files made.

    As edgekd.distill.stage.run_distill, with AUC (0 to 1, by clip, on the test set) in the place of accuracies.
    Raises InputError for data and networks that do not fit, EdgekdError when training diverges.
    """
    return _Run(recipe, folder / "distill", progress).all()


def _suffix(number: int) -> str:
    """Of the names of a seed's networks; the first one's have none."""
    return f"-seed-{number}" if number else ""


class _Run:
    def __init__(self, recipe: Recipe, out: Path, progress: Progress) -> None:
        assert recipe.teacher is not None, "the recipe's check sees to it"
        self._recipe, self._teacher, self._out, self._keeper = recipe, recipe.teacher, out, Keeper(out)
        source = recipe.data
        self._dataset = data.load(
            source.source, path=source.path, validation=source.validation, seed=recipe.seed, **source.options
        )
        if anomalous := int((self._dataset.y_train != 0).sum() + (self._dataset.y_val != 0).sum()):
            raise InputError(
                f"{self._dataset.name}: {anomalous} samples to train on are labelled as anomalies",
                "an autoencoder learns from normal samples, class 0, alone",
            )
        self._train, self._val = (
            Samples(channels_first(x), torch.from_numpy(y))
            for x, y in ((self._dataset.x_train, self._dataset.y_train), (self._dataset.x_val, self._dataset.y_val))
        )
        given = recipe.distill.hard_weight
        self._hard_weight = _HARD_WEIGHT if given is None else given
        self._digests = [self._train.digest(), self._val.digest()]
        self._macs = {name: self._checked(name, one) for name, one in self._kinds().items()}
        count, jobs = len(self._train.x), {}
        for index in range(self._teacher.count):
            jobs[f"teacher-{index}"] = training_work(self._teacher.epochs, count, self._macs["teacher"])
        for number in range(recipe.distill.seeds):
            for name in ("student", "control"):
                jobs[name + _suffix(number)] = training_work(recipe.student.epochs, count, self._macs["student"])
        self._work = Work(jobs, progress)
        self._log: loggers.Logger = loggers.Several()

    def all(self) -> list[Path]:
        recipe = self._recipe
        self._out.mkdir(parents=True, exist_ok=True)
        self._log = loggers.named(recipe.distill.log, self._out / "tensorboard", recipe.name)
        teachers = [
            # Far from the student's, and no teacher is shared between two seeds of a recipe.
            self._network(f"teacher-{index}", f"teacher {index + 1}", self._teacher, 1000 * (recipe.seed + 1) + index)
            for index in range(self._teacher.count)
        ]
        taught = [self._hard_weight, *(teacher.record["sha256"] for teacher in teachers)]
        said = self._said(teachers)
        students, controls = [], []
        for number in range(recipe.distill.seeds):
            seed, suffix, title = recipe.seed + number, _suffix(number), f", seed {number + 1}" if number else ""
            student = self._network(f"student{suffix}", f"student{title}", recipe.student, seed, taught, said)
            students.append(student)
            controls.append(self._network(f"control{suffix}", f"control{title}", recipe.student, seed))
        found = self._summary(teachers, students, controls)
        self._log.finish({f"{name}_test_auc": found[name]["test_auc"] for name in ("student", "control")})
        write_atomically(self._out / "distill.json", json.dumps(found, indent=2))
        return [*(one.weights for one in (*teachers, *students, *controls)), self._out / "distill.json"]

    def _said(self, teachers: list[Trained]) -> Tensor:
        """What the teachers make of the training samples, (samples, features); kept for the next time, if wanted."""
        key = {"data": self._train.samples_digest(), "teachers": [one.record["sha256"] for one in teachers]}
        store = Store(self._out / "answers") if self._recipe.distill.cache else None
        if store is not None and (kept := store.find(key, tuple(self._train.x.shape))) is not None:
            return kept
        said = together([one.model for one in teachers], self._train.x)
        if store is not None:
            store.keep(key, said)
        return said

    def _kinds(self) -> dict[str, Network]:
        return {"teacher": self._teacher, "student": self._recipe.student}

    def _checked(self, name: str, network: Network) -> int:
        """Multiply-accumulates of a network that fits the data; InputError when it does not."""
        try:
            model = self._new(network, 0)
        except InputError as error:
            raise InputError(f"the {name}: {error.message}", *error.hints) from error
        check_autoencoder(model, f"the {name} ({network.model})", self._val.x)
        return count_macs(model, tuple(self._val.x.shape[1:]))

    def _new(self, network: Network, seed: int) -> nn.Module:
        """A network with the initial weights of its seed."""
        with seeded(mixed(seed, _INITIAL_WEIGHTS)):
            return resolve(network.model, **network.options)

    def _network(
        self, name: str, title: str, network: Network, seed: int, taught: Sequence[Any] = (), said: Tensor | None = None
    ) -> Trained:
        """The network `name`: loaded when it is done, trained (on) when it is not.

        taught: JSON values of what a student learns of its teachers. said: by them, of `_said`.
        """
        training = training_of_network(network, seed, self._recipe.distill.select)
        made_from = [network.model, network.options, asdict(training), self._digests, list(taught)]
        identity = identity_of(*made_from, source_digest(network.model), torch.__version__)
        model, share = self._new(network, seed), self._work.begin(name)
        if (kept := self._keeper.find(name, identity, model)) is not None:
            for row in kept.record["history"]:
                self._log.row(name, row)
            share(1.0, f"{title}, kept")
            return kept
        started = time.monotonic()
        x, y = self._train.x, self._train.y
        history = fit(
            model,
            ArrayFeed(x, y, batch_size=training.batch_size, augment=Augment(), seed=seed),
            (self._val.x, self._val.x),
            training,
            reconstruction_loss(said, self._hard_weight),
            name=title,
            checkpoint=self._keeper.checkpoint(name, identity),
            identity=identity,
            watch=share,
            log=lambda row: self._log.row(name, row),
            judge=judged_by_error,
        )
        row = chosen_row(history, training)
        record = {
            "seed": seed,
            "epoch": row["epoch"],
            "val_loss": row["val_loss"],
            "seconds": round(time.monotonic() - started, 2),
            "history": history,
        }
        return self._keeper.keep(name, identity, model, record)

    def _summary(self, teachers: list[Trained], students: list[Trained], controls: list[Trained]) -> dict[str, Any]:
        """What distill.json says. Nothing was chosen by the test set: this is where it is asked."""
        dataset = self._dataset
        _, y = dataset.test_clips()
        x, labels = channels_first(dataset.x_test), torch.from_numpy(y)

        def auc(*models: nn.Module) -> float:
            return auc_of(clip_errors(models, x, dataset.clip_windows), labels)

        def figures(trained: Trained, kind: str) -> dict[str, Any]:
            parameters = sum(p.numel() for p in trained.model.parameters())
            found = {"test_auc": auc(trained.model), "parameters": parameters, "macs": self._macs[kind]}
            return {**trained.record, **found}

        found = [[figures(one, "student") for one in group] for group in (students, controls)]
        aucs = [[row["test_auc"] for row in rows] for rows in found]
        return {
            "data": {
                "name": dataset.name,
                "sample_shape": list(dataset.sample_shape),
                "class_names": list(dataset.class_names),
                "clip_windows": dataset.clip_windows,
                "train": len(self._train.x),
                "val": len(self._val.x),
                "test": len(y),
            },
            "teachers": [figures(one, "teacher") for one in teachers],
            "ensemble": {"count": len(teachers), "test_auc": auc(*(one.model for one in teachers))},
            "student": found[0][0],
            "control": found[1][0],
            "seeds": {"count": len(students), "test_auc": compared(*aucs)} if len(students) > 1 else None,
            "method": {"name": "reconstruction", "hard_weight": self._hard_weight},
            "select": self._recipe.distill.select,
            "machine": {"processor": platform.machine(), "threads": torch.get_num_threads()},
            "versions": {name: importlib.metadata.version(name) for name in ("edgekd", "torch", "numpy")},
        }
