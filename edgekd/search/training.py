"""Trains a candidate as the recipe trains its student, with the recipe's teachers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from edgekd import data
from edgekd.config import Network, Recipe
from edgekd.distill.answers import Store
from edgekd.distill.identity import identity_of
from edgekd.distill.inputs import Samples, channels_first, classes_of
from edgekd.distill.keep import Keeper
from edgekd.distill.methods import BornAgain, method_of
from edgekd.distill.seeds import mixed, seeded
from edgekd.distill.teachers import Ensemble, Teacher, ensemble_of
from edgekd.distill.teaching import Teaching, TrainingSet, fit_taught
from edgekd.distill.training import Row, Training, chosen_row
from edgekd.errors import InputError
from edgekd.firmware.folder import locked
from edgekd.models import resolve, source_digest
from edgekd.search.candidates import Candidate, Curve, Score

_INITIAL_WEIGHTS = 3  # the place of a network's initial weights among the streams of a seed, as in the stage distill


class _BehindError(Exception):
    """Training ends here: others are far ahead."""


class Trainer:
    """Trains candidates of a recipe; several processes may do so in one folder.

    folder: of the search; teachers and their answers are kept there, and a folder a candidate.
    Raises InputError for a recipe whose student is not taught by its teachers alone, and for data that does not fit.
    """

    def __init__(self, recipe: Recipe, folder: Path, told: Callable[[str], None] = lambda text: None) -> None:
        source = recipe.data
        self._recipe, self._folder, self._told = recipe, folder, told
        self._method = method_of(recipe.distill.method, dict(recipe.distill.method_options()))
        if self._method.trains_teachers or isinstance(self._method, BornAgain) or recipe.distill.assistants:
            what = "assistants" if recipe.distill.assistants else f"method {self._method.name}"
            raise InputError(
                f"search trains each candidate by the teachers alone, which {what} cannot be part of",
                "search with soft-targets, and use the method for the student that was found",
            )
        self.dataset = data.load(
            source.source, path=source.path, validation=source.validation, seed=recipe.seed, **source.options
        )
        self._train, self._val = (
            Samples(
                channels_first(getattr(self.dataset, f"x_{part}")), torch.from_numpy(getattr(self.dataset, f"y_{part}"))
            )
            for part in ("train", "val")
        )
        self._teaching: Teaching | None = None

    @property
    def calibration(self) -> npt.NDArray[np.float32]:
        """Training samples, channels last."""
        return np.asarray(self.dataset.x_train)

    def build(self, candidate: Candidate) -> nn.Module:
        """The candidate's network, untrained, ready for inference. Raises InputError when it does not fit the data."""
        model = self._new(self._network(candidate), self._recipe.seed)
        found = classes_of(model, "the student", self._val.x)
        if found != self.dataset.classes:
            raise InputError(f"the student has {found} classes, {self.dataset.name} {self.dataset.classes}")
        return model.eval()

    def trained(self, candidate: Candidate, weights: Path) -> nn.Module:
        """The candidate's network with the weights of a file."""
        from safetensors.torch import load_model

        model = self.build(candidate)
        load_model(model, str(weights))
        return model.eval()

    def __call__(self, candidate: Candidate, hopeless: Callable[[Curve], bool]) -> Score:
        """Train the candidate, or take what was trained before.

        hopeless: asked after each epoch of the first seed but the last, with its accuracies so far; True ends the
        training, which then can go on from there another time.
        """
        folder = self._folder / "candidates" / candidate.key
        accuracies: list[float] = []
        curve: Curve = []
        weights: Path | None = None
        epochs = self._network(candidate).epochs
        with locked(folder):  # waits where another process trains the same one
            for number in range(self._recipe.search.seeds):
                seen: Curve = []

                def log(row: Row, seen: Curve = seen, first: bool = number == 0) -> None:
                    seen.append(row["val_accuracy"])
                    if first and len(seen) < epochs and hopeless(seen):
                        raise _BehindError

                try:
                    file, history = self._fit(candidate, self._recipe.seed + number, folder, log)
                except _BehindError:
                    return Score((), seen)
                accuracies.append(chosen_row(history, self._training(self._network(candidate), 0))["val_accuracy"])
                if number == 0:
                    weights, curve = file, [row["val_accuracy"] for row in history]
        return Score(tuple(accuracies), curve, weights)

    def _fit(self, candidate: Candidate, seed: int, folder: Path, log: Callable[[Row], None]) -> tuple[Path, list[Row]]:
        network, teaching = self._network(candidate), self.teaching()
        return self._kept_or_fitted(
            Keeper(folder), f"student-{seed}", network, seed, self._recipe.distill.augment, teaching, log
        )

    def teaching(self) -> Teaching:
        """The teachers, trained when they are not there yet, while other processes wait."""
        if self._teaching is None:
            folder = self._folder / "teachers"
            with locked(folder):
                self._teaching = self._taught_by(folder)
                training = self._training(self._network(Candidate(self._recipe.student.options)), 0)
                self._teaching.check(TrainingSet(self._train, self._recipe.distill.augment), training.epochs)
                # Asked now, under the lock, so that no other process asks the same at the same time.
                self._teaching.answers(self._train, self._recipe.distill.augment, training, None)
        return self._teaching

    def _taught_by(self, folder: Path) -> Teaching:
        recipe, teachers = self._recipe, list[Teacher]()
        for number in range(recipe.teacher.count if recipe.teacher else 0):
            assert recipe.teacher is not None
            seed = 1000 * (recipe.seed + 1) + number  # as in the stage distill
            model = self._new(recipe.teacher, seed)
            self._told(f"teacher {number + 1} of {recipe.teacher.count}")
            self._kept_or_fitted(
                Keeper(folder), f"teacher-{number}", recipe.teacher, seed, recipe.teacher.augment, None, None, model
            )
            teachers.append(Teacher(model))
        for file in recipe.teacher_files:
            values = {name: getattr(file, name) for name in type(file).model_fields if name != "path"}
            teachers.append(Teacher(file.path, **values))
        together: Ensemble = ensemble_of(teachers, None, self._val.x[:16], self.dataset.classes)
        return Teaching(self._method, together, Store(folder / "answers") if recipe.distill.cache else None)

    def _kept_or_fitted(
        self,
        keeper: Keeper,
        name: str,
        network: Network,
        seed: int,
        augment: str,
        teaching: Teaching | None,
        log: Callable[[Row], None] | None,
        model: nn.Module | None = None,
    ) -> tuple[Path, list[Row]]:
        training = self._training(network, seed)
        model = model if model is not None else self._new(network, seed)
        made_from: list[Any] = [network.model, network.options, asdict(training), augment]
        made_from += [self._train.digest(), self._val.digest(), source_digest(network.model), torch.__version__]
        identity = identity_of(*made_from, teaching.identity() if teaching else [])
        if (kept := keeper.find(name, identity, model)) is not None:
            return kept.weights, kept.record["history"]
        history = fit_taught(
            model,
            TrainingSet(self._train, augment),
            self._val,
            training,
            teaching,
            name=name,
            checkpoint=keeper.checkpoint(name, identity),
            identity=identity,
            log=log,
            watch=lambda done, text: self._told(text),
        )
        return keeper.keep(name, identity, model, {"seed": seed, "history": history}).weights, history

    def _network(self, candidate: Candidate) -> Network:
        """The recipe's student with the candidate's options and the search's budget."""
        student = self._recipe.student
        epochs = self._recipe.search.epochs or student.epochs
        return student.model_copy(update={"options": candidate.options, "epochs": epochs})

    def _new(self, network: Network, seed: int) -> nn.Module:
        with seeded(mixed(seed, _INITIAL_WEIGHTS)):
            return resolve(network.model, **network.options)

    def _training(self, network: Network, seed: int) -> Training:
        return Training(
            epochs=network.epochs,
            batch_size=network.batch_size,
            learning_rate=network.learning_rate,
            weight_decay=network.weight_decay,
            optimizer=network.optimizer,
            select=self._recipe.distill.select,
            patience=network.patience,
            precision=network.precision,
            seed=seed,
        )
