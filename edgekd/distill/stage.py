"""The stage `distill` of a recipe: teachers, student and control, trained one after the other and kept.

What a network is made from (its part of the recipe, data, seed, teachers) is its identity: a network that is done is
kept while its identity stays, and one that was interrupted goes on at its last epoch.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import nn

from edgekd import data
from edgekd.config import Network, Recipe, TeacherFile
from edgekd.distill import loggers
from edgekd.distill.answers import Store
from edgekd.distill.augment import augment_named
from edgekd.distill.identity import identity_of
from edgekd.distill.inputs import Samples, channels_first, classes_of
from edgekd.distill.keep import Keeper, Trained
from edgekd.distill.macs import count_macs
from edgekd.distill.methods import BornAgain, method_of
from edgekd.distill.options import training_of_network
from edgekd.distill.refine import (
    Course,
    Quantizing,
    Start,
    pruned_start,
    quantized_start,
    quantizing_plan,
    retrained,
    tuned,
)
from edgekd.distill.seeds import mixed, seeded
from edgekd.distill.summary import Networks, summary
from edgekd.distill.teachers import Ensemble, Teacher, ensemble_of
from edgekd.distill.teaching import Teaching, TrainingSet, fit_taught
from edgekd.distill.training import chosen_row
from edgekd.distill.work import Work, training_work
from edgekd.errors import InputError
from edgekd.files import write_atomically
from edgekd.models import resolve, source_digest
from edgekd.progress import Progress, silent

_INITIAL_WEIGHTS = 3  # the place of a network's initial weights among the streams of a seed


def run_distill(recipe: Recipe, folder: Path, progress: Progress = silent) -> list[Path]:
    """Train what `recipe` says in the run directory `folder`; returns the files made.

    distill/teacher-N.safetensors, student.safetensors, control.safetensors: the weights kept; with several seeds those
    of the others as student-seed-N and control-seed-N. distill/distill.json: for each network its seed, history (see
    training.fit), accuracies in percent and seconds; the test set is asked once, after all training. distill/parts/:
    checkpoints and what is done, for going on after an interruption. distill/answers/: of the teachers.
    distill/tensorboard/: event files. With [prune] those networks have fewer channels, and the whole ones are kept as
    student-whole and control-whole. Fine-tuned in int8 steps, the first student and control are there as
    student-quantized and control-quantized, too.
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
        self._parts = {
            part: Samples(
                channels_first(getattr(self._dataset, f"x_{part}")),
                torch.from_numpy(getattr(self._dataset, f"y_{part}")),
            )
            for part in ("train", "val", "test")
        }
        self._train, self._val = self._parts["train"], self._parts["val"]
        self._data_digests = [self._train.digest(), self._val.digest()]
        self._method = method_of(recipe.distill.method, dict(recipe.distill.method_options()))
        self._macs = {
            "student": self._checked("the student", recipe.student),
            "teacher": self._checked("the teacher", recipe.teacher) if recipe.teacher else 0,
        }
        assistants = [
            self._checked(f"assistant {number}", one) for number, one in enumerate(recipe.distill.assistants, start=1)
        ]
        if self._method.trains_teachers and (recipe.prune is not None or recipe.quantize.aware is True):
            raise InputError(
                f"{self._method.name} has peers that learn with the student: they cannot teach it once more",
                "leave out [prune] and set quantize.aware = false, or use another method",
            )
        self._given = [_spec(file) for file in recipe.teacher_files]
        self._check_teachers()
        self._work = Work(self._jobs(assistants), progress)
        self._log: loggers.Logger = loggers.Several()

    def all(self) -> list[Path]:
        self._out.mkdir(parents=True, exist_ok=True)
        self._log = loggers.named(self._recipe.distill.log, self._out / "tensorboard", self._recipe.name)
        teachers = self._teachers()
        # The teachers' answers and digests are the same for all seeds.
        together = self._ensemble([Teacher(one.model) for one in teachers] + self._given)
        courses, controls = [], []
        for number in range(self._recipe.distill.seeds):
            seed, suffix = self._recipe.seed + number, f"-seed-{number}" if number else ""
            courses.append(self._course(together, seed, suffix))
            controls.append(self._control(seed, suffix))
        students = [course.networks[-1] for course in courses]
        between = [one for course in (*courses, *controls) for one in course.networks[:-1]]
        whole = [course.networks[-2] for course in (courses[0], controls[0])] if self._recipe.prune is not None else []
        last = [course.networks[-1] for course in controls]
        networks = Networks(teachers, together, students, last, between, whole)
        quantizing = self._quantize(courses[0], controls[0])
        macs = {**self._macs, "whole": self._macs["student"]}
        macs["student"] = count_macs(students[0].model, tuple(self._val.x.shape[1:]))
        said = summary(self._recipe, self._dataset, self._parts, networks, macs, self._method)
        said["quantize"] = quantizing.figures(self._parts["test"])
        self._log.finish({f"{name}_test_accuracy": said[name]["test_accuracy"] for name in ("student", "control")})
        write_atomically(self._out / "distill.json", json.dumps(said, indent=2))
        made = [*networks.trained(), *quantizing.networks]
        return [*(network.weights for network in made), self._out / "distill.json"]

    def _teachers(self) -> list[Trained]:
        teacher = self._recipe.teacher
        if teacher is None:
            return []
        return [
            self._network(f"teacher-{index}", f"teacher {index + 1} of {teacher.count}", teacher, seed, teacher.augment)
            for index, seed in enumerate(self._teacher_seeds())
        ]

    def _teacher_seeds(self) -> list[int]:
        # Far from the student's, and no teacher is shared between two seeds of a recipe.
        count = self._recipe.teacher.count if self._recipe.teacher else 0
        return [1000 * (self._recipe.seed + 1) + index for index in range(count)]

    def _course(self, teachers: Ensemble, seed: int, suffix: str) -> Course:
        """The networks of a seed that are taught, each by the one before; the student is the last."""
        recipe, course = self._recipe, []
        number = seed - recipe.seed
        if self._method.trains_teachers:
            teachers = self._peers()
        steps = [
            (f"assistant-{place}", f"assistant {place}", network, seed)
            for place, network in enumerate(recipe.distill.assistants, start=1)
        ]
        generations = self._method.generations if isinstance(self._method, BornAgain) else 1
        steps += [
            # Seeds of their own, far from those of students and teachers.
            (f"generation-{place}", f"generation {place}", recipe.student, mixed(seed, place) % 2**31)
            for place in range(1, generations)
        ]
        for name, title, network, own_seed in steps:
            trained = self._network(f"{name}{suffix}", _titled(title, number), network, own_seed, teachers=teachers)
            course.append(trained)
            teachers = self._ensemble([Teacher(trained.model)])
        return Course([*course, *self._last("student", seed, suffix, teachers)], teachers)

    def _control(self, seed: int, suffix: str) -> Course:
        return Course(self._last("control", seed, suffix, None), None)

    def _last(self, name: str, seed: int, suffix: str, teachers: Ensemble | None) -> list[Trained]:
        """Student or control; with [prune] the whole one and then, trained once more, the pruned one."""
        recipe, title = self._recipe, _titled(name, seed - self._recipe.seed)
        if recipe.prune is None:
            return [self._network(f"{name}{suffix}", title, recipe.student, seed, teachers=teachers)]
        whole = self._network(f"{name}-whole{suffix}", f"{title}, whole", recipe.student, seed, teachers=teachers)
        start = pruned_start(whole, recipe.prune, self._train.x)
        network = retrained(recipe.student, recipe.prune)
        return [whole, self._network(f"{name}{suffix}", title, network, seed, teachers=teachers, start=start)]

    def _quantize(self, student: Course, control: Course) -> Quantizing:
        """Student and control fine-tuned in int8 steps, if that is wanted."""
        asked, recipe = self._recipe.quantize, self._recipe
        trained = student.networks[-1].model
        plan = quantizing_plan(asked, trained, self._train.x, self._val, self._dataset.input_scale)
        if plan.aware and self._method.trains_teachers:
            plan = replace(plan, aware=False, reason=f"{self._method.name} has no teachers for it; {plan.reason}")
        made: list[Trained] = []
        for name, course in (("student", student), ("control", control)):
            weights = self._out / f"{name}-quantized.safetensors"
            if not plan.aware:
                weights.unlink(missing_ok=True)
                continue
            start = quantized_start(course.networks[-1], asked, self._train.x, self._dataset.input_scale)
            network, title = tuned(recipe.student, asked), f"{name} in int8 steps"
            made.append(self._network(weights.stem, title, network, recipe.seed, teachers=course.teachers, start=start))
        return Quantizing(plan, made)

    def _peers(self) -> Ensemble:
        """The teachers' networks with their first weights: they learn with the student."""
        teacher = self._recipe.teacher
        if teacher is None or self._given or self._recipe.distill.assistants:
            raise InputError(
                f"{self._method.name} has peers that learn with the student: [teacher] says which networks",
                "leave out teacher_files and assistants",
            )
        return self._ensemble([Teacher(self._new(teacher, seed)) for seed in self._teacher_seeds()])

    def _ensemble(self, teachers: Sequence[Teacher]) -> Ensemble:
        return ensemble_of(teachers, None, self._val.x[:16], self._dataset.classes)

    def _check_teachers(self) -> None:
        """Raise InputError when teachers and method do not suit, before any time is spent on training."""
        untrained = [Teacher(self._new(self._recipe.teacher, 0))] if self._recipe.teacher is not None else []
        together = self._ensemble([*untrained, *self._given])
        for network in (self._recipe.student, *self._recipe.distill.assistants):
            samples = TrainingSet(self._train, self._recipe.distill.augment)
            Teaching(self._method, together).check(samples, network.epochs)

    def _checked(self, name: str, network: Network) -> int:
        """Multiply-accumulates of a network that fits the data; InputError when it does not."""
        try:
            model = self._new(network, 0)
        except InputError as error:
            raise InputError(f"{name}: {error.message}", *error.hints) from error
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
        self,
        name: str,
        title: str,
        network: Network,
        seed: int,
        augment: str | None = None,
        teachers: Ensemble | None = None,
        start: Start | None = None,
    ) -> Trained:
        """The network `name`: loaded when it is done, trained (on) when it is not.

        teachers: of a student. start: what it is made from, when not from random weights.
        """
        training = training_of_network(network, seed, self._recipe.distill.select)
        augment = augment or self._recipe.distill.augment
        store = Store(self._out / "answers") if self._recipe.distill.cache else None
        # A network that has learned already is taught from its first epoch on.
        method = self._method if start is None else replace(self._method, start_epoch=0)
        teaching = Teaching(method, teachers, store) if teachers is not None else None
        made_from = [network.model, network.options, asdict(training), augment, self._data_digests]
        taught = teaching.identity() if teaching is not None else []
        made_from += [start.identity] if start is not None else []
        identity = identity_of(*made_from, taught, source_digest(network.model), torch.__version__)
        model = start.model if start is not None else self._new(network, seed)
        share = self._work.begin(name)
        if (kept := self._keeper.find(name, identity, model)) is not None:
            for row in kept.record["history"]:
                self._log.row(name, row)
            share(1.0, f"{title}, kept")
            return kept
        started = time.monotonic()
        asking = self._asking(network) if teaching is not None else 0.0
        history = fit_taught(
            model,
            TrainingSet(self._train, augment),
            self._val,
            training,
            teaching,
            name=title,
            checkpoint=self._keeper.checkpoint(name, identity),
            identity=identity,
            watch=lambda done, text: share(asking + (1 - asking) * done, text),
            told=lambda done: share(asking * done, f"{title}, asking the teachers"),
            log=lambda row: self._log.row(name, row),
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

    def _jobs(self, assistants: Sequence[int]) -> dict[str, int]:
        """Multiply-accumulates of each network, in the order they are trained; asking the teachers counts."""
        recipe, count = self._recipe, len(self._train.x)
        student, jobs = recipe.student, {}
        if recipe.teacher is not None:
            one = training_work(recipe.teacher.epochs, count, self._macs["teacher"])
            jobs = {f"teacher-{index}": one for index in range(recipe.teacher.count)}
        alone = training_work(student.epochs, count, self._macs["student"])
        for number in range(recipe.distill.seeds):
            suffix = f"-seed-{number}" if number else ""
            for place, (network, macs) in enumerate(zip(recipe.distill.assistants, assistants, strict=True), start=1):
                jobs[f"assistant-{place}{suffix}"] = training_work(network.epochs, count, macs)
            if isinstance(self._method, BornAgain):
                jobs |= {f"generation-{place}{suffix}": alone for place in range(1, self._method.generations)}
            for name, work in (("student", alone + self._asked_work(student)), ("control", alone)):
                if recipe.prune is not None:
                    jobs[f"{name}-whole{suffix}"] = work
                jobs[f"{name}{suffix}"] = work
        return jobs

    def _asked_work(self, network: Network) -> int:
        """Multiply-accumulates of the teachers while `network` learns of them."""
        count = self._recipe.teacher.count if self._recipe.teacher else 0
        asked = min(self._views(), network.epochs) if self._method.asks else network.epochs
        return asked * len(self._train.x) * self._macs["teacher"] * count

    def _asking(self, network: Network) -> float:
        """Share of a student's work that is spent on the teachers before it begins, see Teaching.answers."""
        if not self._method.asks or self._method.mixes or self._views() > network.epochs:
            return 0.0
        asked = self._asked_work(network)
        alone = training_work(network.epochs, len(self._train.x), self._macs["student"])
        return asked / (alone + asked) if asked else 0.0

    def _views(self) -> int:
        return augment_named(self._recipe.distill.augment, tuple(self._train.x.shape[1:])).views


def _titled(title: str, number: int) -> str:
    return f"{title}, seed {number + 1}" if number else title


def _spec(file: TeacherFile) -> Teacher:
    values = {name: getattr(file, name) for name in type(file).model_fields if name != "path"}
    return Teacher(file.path, **values)
