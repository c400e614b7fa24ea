"""What a network is trained with: labels alone, or teachers and a method."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.utils.data import DataLoader

from edgekd.distill.answers import Answers, Asked, Recorded, Store, Told, table_of
from edgekd.distill.augment import augment_named
from edgekd.distill.feeds import ArrayFeed, Feed, LoaderFeed
from edgekd.distill.inputs import Samples
from edgekd.distill.methods import Method, Setting, identity_of_method
from edgekd.distill.teachers.ensemble import Ensemble
from edgekd.distill.training import Log, Row, Training, Watch, fit, hard_loss
from edgekd.errors import InputError

# Of the parts of a method's loss, as far as it has them.
_WEIGHTS = ("hard_weight", "soft_weight", "weight", "alpha", "beta", "gamma", "distance", "angle")


@dataclass(frozen=True)
class TrainingSet:
    """Samples in memory and the augmentation they get; or a user's DataLoader, the check of its batches and whether
    these have labels."""

    samples: Samples | None
    augment: str = "none"
    loader: DataLoader[Any] | None = None
    check: Callable[[Tensor, Tensor], None] | None = None
    loader_labelled: bool = True

    @property
    def labelled(self) -> bool:
        return self.samples.labelled if self.samples is not None else self.loader_labelled

    def identity(self) -> list[str]:
        return [self.samples.digest() if self.samples is not None else "DataLoader", self.augment]


@dataclass(frozen=True)
class Teaching:
    """Who teaches a student, how, and where the teachers' answers are kept, if they are."""

    method: Method
    teachers: Ensemble
    store: Store | None = None

    def identity(self) -> list[Any]:
        """JSON values that change exactly when what the student learns does."""
        return [identity_of_method(self.method), self.teachers.digest()]

    def check(self, data: TrainingSet, epochs: int) -> None:
        """Raise InputError when the training set or its epochs do not suit."""
        start = self.method.start_epoch
        if start >= epochs:
            raise InputError(
                f"{self.method.name}: start_epoch is {start}, the last epoch is {epochs - 1}: the teachers never begin",
                "epochs count from 0 here",
            )
        weights = [getattr(self.method, name) for name in _WEIGHTS if hasattr(self.method, name)]
        if weights and not any(weights) and None not in weights:
            raise InputError(f"{self.method.name}: all weights are 0: nothing is learned", "one or more above 0")
        if self.method.needs_labels and not data.labelled:
            raise InputError(
                f"{self.method.name} needs labels as it is set, and the training set has none",
                "methods that do without: soft-targets, dist, logit-standardization, fitnets and the like with "
                "hard_weight = 0, or function-matching",
            )
        self.method.check(self.teachers)
        stored = self.teachers.stored
        if stored and self.method.asks and data.samples is not None:
            views = augment_named(data.augment, tuple(data.samples.x.shape[1:])).views
            for member in stored:
                member.table(views, len(data.samples.x))
        if stored and (self.method.mixes or data.samples is None):
            raise InputError(
                f"{stored[0].title}: stored answers do not suit "
                + (f"{self.method.name}, which mixes samples" if self.method.mixes else "a DataLoader"),
                "they are answers to the training samples, in memory and as they are",
            )
        if self.store is not None and data.samples is None:
            raise InputError("answers to a DataLoader cannot be kept", "give (x, y) arrays, or leave out cache")

    def answers(self, data: Samples, augment: str, training: Training, told: Told | None) -> Answers | None:
        """Where each batch's answers come from; teachers are asked beforehand when that is less work.

        That is when samples have no more views than there are epochs.
        """
        if not self.method.asks:
            return None
        views = augment_named(augment, tuple(data.x.shape[1:]))
        key: dict[str, Any] = {"data": data.samples_digest(), "augment": augment}
        if not self.method.mixes and (views.views <= training.epochs or self.teachers.stored):
            return table_of(self.teachers, data.x, views, self.store, key, told)
        if self.store is None:
            return Asked(self.teachers)
        key |= {"seed": training.seed, "batch_size": training.batch_size, "mixup": self.method.mixes}
        return Recorded(self.teachers, self.store, key)


def feed_of(data: TrainingSet, training: Training, teaching: Teaching | None, told: Told | None = None) -> Feed:
    """Batches of a training set, with what the teachers say of them. told: the share of asking beforehand done."""
    mixup = teaching is not None and teaching.method.mixes
    if data.samples is None:
        assert data.loader is not None and data.check is not None
        ask = teaching.teachers.ask if teaching is not None and teaching.method.asks else None
        return LoaderFeed(data.loader, seed=training.seed, check=data.check, ask=ask, mixup=mixup)
    return ArrayFeed(
        data.samples.x,
        data.samples.y,
        batch_size=training.batch_size,
        augment=augment_named(data.augment, tuple(data.samples.x.shape[1:])),
        seed=training.seed,
        answers=None if teaching is None else teaching.answers(data.samples, data.augment, training, told),
        mixup=mixup,
    )


def fit_taught(
    model: nn.Module,
    data: TrainingSet,
    val: Samples,
    training: Training,
    teaching: Teaching | None,
    *,
    name: str,
    checkpoint: Path | None = None,
    identity: str = "",
    watch: Watch | None = None,
    told: Told | None = None,
    log: Log | None = None,
) -> list[Row]:
    """Train `model` in place, by labels alone (teaching None) or by teachers. The rest: see training.fit, feed_of."""
    with contextlib.ExitStack() as stack:
        loss = hard_loss(training.label_smoothing)
        if teaching is not None:
            teaching.check(data, training.epochs)
            samples = data.samples
            labels = samples.y if samples is not None and samples.labelled else None
            setting = Setting(model, teaching.teachers, val.x[:2], training.epochs, labels, training.seed)
            loss = stack.enter_context(teaching.method.begin(setting))
        elif not data.labelled:
            raise InputError(f"{name} is trained with labels, and the training set has none")
        return fit(
            model,
            feed_of(data, training, teaching, told),
            (val.x, val.y),
            training,
            loss,
            name=name,
            checkpoint=checkpoint,
            identity=identity,
            watch=watch,
            log=log,
        )
