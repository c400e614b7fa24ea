"""Training and distillation from Python: `edgekd.train` and `edgekd.distill`."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.utils.data import DataLoader

from edgekd.data.dataset import check_labels
from edgekd.distill.augment import augment_named
from edgekd.distill.ensemble import ensemble
from edgekd.distill.feeds import ArrayFeed, Feed, LoaderFeed, samples_and_labels, soft_tables
from edgekd.distill.inference import accuracy, predict
from edgekd.distill.inputs import Samples, check_batch, classes_of, parts_of, samples_of, weights_digest
from edgekd.distill.training import Training, chosen_row, distillation_loss, fit, hard_loss
from edgekd.errors import InputError
from edgekd.progress import Progress, silent

History = list[dict[str, float]]


@dataclass(frozen=True)
class TrainResult:
    """model: the module given, trained in place. history: one row an epoch, see training.fit.

    metrics: `epoch` (whose weights are kept), `val_loss`, `val_accuracy` (percent) and, trained on a Dataset,
    `test_accuracy` (percent).
    """

    model: nn.Module
    metrics: dict[str, float]
    history: History


@dataclass(frozen=True)
class DistillResult:
    """student: the module given, trained in place. control: the same student trained without a teacher, None when it
    was not wanted; control_history: its rows. history: one row an epoch, see training.fit.

    metrics: `epoch`, `val_loss`, `val_accuracy` and `teacher_val_accuracy` (percent; of all teachers together),
    `control_val_accuracy`, and on a Dataset the same with `test` for `val`.
    """

    student: nn.Module
    metrics: dict[str, float]
    history: History
    control: nn.Module | None
    control_history: History


def train(
    model: nn.Module,
    train: Any,
    val: Any = None,
    *,
    augment: str = "none",
    checkpoint: Path | str | None = None,
    progress: Progress = silent,
    **options: Any,
) -> TrainResult:
    """Train a classifier with labels alone, in place.

    train, val: (x, y) with x float32 (samples, channels, …) as the model takes it and y class indices from 0; or a
    DataLoader that gives such batches; or an edgekd.data.Dataset, which brings its own validation set.
    augment: "none", "flip", "shift" or "shift-flip". checkpoint: a folder; training that was interrupted goes on there.
    options: fields of training.Training: epochs, batch_size, learning_rate, weight_decay, optimizer,
    label_smoothing, select, seed. The same seed and machine give the same weights; the model's initial weights
    are the caller's.
    Raises InputError for data and options that do not fit, EdgekdError when training diverges.

        result = edgekd.train(net, (x_train, y_train), (x_val, y_val), epochs=5)
    """
    training = training_of(options)
    data = _Data(train, val, augment, training)
    data.check(model, "the model")
    result = _fit(data, model, training, "model", None, checkpoint, progress)
    return TrainResult(model, {**_kept(result, training), **data.tested("test_accuracy", model)}, result)


def distill(
    teacher: nn.Module | Sequence[nn.Module],
    student: nn.Module,
    train: Any,
    val: Any = None,
    *,
    temperature: float = 4.0,
    hard_weight: float = 0.1,
    control: bool = True,
    augment: str = "none",
    checkpoint: Path | str | None = None,
    progress: Progress = silent,
    **options: Any,
) -> DistillResult:
    """Train a student, in place, with the soft targets of one teacher or of several averaged in probability space.

    teacher: trained modules; they are asked in evaluation mode without gradients and keep their modes and weights.
    temperature, hard_weight: see soft_targets.py. control: also train a copy of the student as it came, with the same
    data, augmentation, order and budget but labels alone. The rest: see `train`.
    Raises InputError for data and options that do not fit, EdgekdError when training diverges.

        result = edgekd.distill([net_a, net_b], small, (x_train, y_train), (x_val, y_val), epochs=5)
    """
    teachers = [teacher] if isinstance(teacher, nn.Module) else list(teacher)
    training = training_of(options)
    _check_softness(temperature, hard_weight)
    data = _Data(train, val, augment, training)
    _check_classes(data, teachers, student)
    untrained = copy.deepcopy(student) if control else None
    soft = Soft(teachers, temperature, hard_weight)
    history = _fit(data, student, training, "student", soft, checkpoint, progress)
    said = ensemble(teachers, data.val.x, temperature=1.0)
    metrics = {**_kept(history, training), "teacher_val_accuracy": accuracy(said, data.val.y)}
    metrics |= data.tested("test_accuracy", student)
    control_history: History = []
    if untrained is not None:
        control_history = _fit(data, untrained, training, "control", None, checkpoint, progress)
        metrics["control_val_accuracy"] = chosen_row(control_history, training)["val_accuracy"]
        metrics |= data.tested("control_test_accuracy", untrained)
    return DistillResult(student, metrics, history, untrained, control_history)


@dataclass(frozen=True)
class Soft:
    """Who teaches a student, and how softly."""

    teachers: Sequence[nn.Module]
    temperature: float
    hard_weight: float

    def ask(self, x: Tensor) -> Tensor:
        """The teachers' probabilities at the temperature, (batch, classes)."""
        return ensemble(self.teachers, x, self.temperature)


def training_of(options: dict[str, Any]) -> Training:
    """Options as Training. Raises InputError for an unknown name or a value out of range."""
    known = [field.name for field in fields(Training)]
    for name in options:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            raise InputError(f"unknown option {name!r}", f"did you mean {near[0]}?" if near else ", ".join(known))
    training = Training(**options)
    limits: dict[str, tuple[type | tuple[type, ...], float, float]] = {
        "epochs": (int, 1, 1e6),
        "batch_size": (int, 1, 1e6),
        "learning_rate": ((int, float), 1e-9, 100),
        "weight_decay": ((int, float), 0, 1),
        "label_smoothing": ((int, float), 0, 1),
        "seed": (int, 0, 2**63 - 1),
    }
    for name, (kind, least, most) in limits.items():
        value: Any = getattr(training, name)
        right_kind = isinstance(value, kind) and not isinstance(value, bool)
        if not (right_kind and least <= value <= most):
            raise InputError(f"{name} is {value!r}", f"it must be from {least:g} to {most:g}")
    for name, choices in {"optimizer": ("sgd", "adamw"), "select": ("last", "validation")}.items():
        if getattr(training, name) not in choices:
            raise InputError(f"{name} is {getattr(training, name)!r}", "one of " + ", ".join(choices))
    return training


def feed_of(samples: Samples, training: Training, augment: str, soft: Soft | None, watch: Any = None) -> ArrayFeed:
    """Batches of samples in memory.

    The teachers are asked about every view beforehand when that is less work than asking in every epoch.
    """
    views = augment_named(augment, tuple(samples.x.shape[1:]))
    tables, ask = None, None
    if soft is not None and views.views <= training.epochs:
        tables = soft_tables(soft.teachers, samples.x, views, soft.temperature, watch)
    elif soft is not None:
        ask = soft.ask
    return ArrayFeed(
        samples.x,
        samples.y,
        batch_size=training.batch_size,
        augment=views,
        seed=training.seed,
        tables=tables,
        ask=ask,
    )


class _Data:
    """Training, validation and test data of a call, checked."""

    def __init__(self, train: Any, val: Any, augment: str, training: Training) -> None:
        train, val, self.test = parts_of(train, val)
        self.val = samples_of(val, "val")
        self._augment = augment
        self._loader = train if isinstance(train, DataLoader) else None
        self._samples = None if self._loader is not None else samples_of(train, "train")
        if self._loader is not None and augment != "none":
            raise InputError(f"augment {augment!r} does not go with a DataLoader", "augment in its Dataset")
        if self._samples is not None and self._samples.x.shape[1:] != self.val.x.shape[1:]:
            raise InputError(
                f"train has samples of shape {list(self._samples.x.shape[1:])}, val of {list(self.val.x.shape[1:])}"
            )
        self._classes = 0

    def check(self, model: Any, name: str) -> int:
        """Classes of a network; the data's labels must be among them."""
        self._classes = classes_of(model, name, self.val.x)
        check_labels("val: y", self.val.y.numpy(), self._classes)
        if self._samples is not None:
            check_labels("train: y", self._samples.y.numpy(), self._classes)
        elif self._loader is not None:
            x, _ = samples_and_labels(next(iter(self._loader), None))
            classes_of(model, name, x)
        return self._classes

    def feed(self, training: Training, soft: Soft | None) -> Feed:
        if self._samples is not None:
            return feed_of(self._samples, training, self._augment, soft)
        assert self._loader is not None
        check = check_batch(self._classes, "train")
        return LoaderFeed(self._loader, seed=training.seed, check=check, ask=soft.ask if soft is not None else None)

    def tested(self, key: str, model: nn.Module) -> dict[str, float]:
        return {key: accuracy(predict(model, self.test.x), self.test.y)} if self.test is not None else {}

    def identity(self) -> list[str]:
        train = self._samples.digest() if self._samples is not None else "DataLoader"
        return [train, self.val.digest(), self._augment]


def _fit(
    data: _Data,
    model: nn.Module,
    training: Training,
    role: str,
    soft: Soft | None,
    checkpoint: Path | str | None,
    progress: Progress,
) -> History:
    identity = ""
    if checkpoint is not None:
        shapes = [(key, list(value.shape)) for key, value in model.state_dict().items()]
        taught = [] if soft is None else [*map(weights_digest, soft.teachers), soft.temperature, soft.hard_weight]
        identity = identity_of(role, asdict(training), data.identity(), shapes, taught)
    loss = (
        hard_loss(training.label_smoothing) if soft is None else distillation_loss(soft.temperature, soft.hard_weight)
    )
    return fit(
        model,
        data.feed(training, soft),
        (data.val.x, data.val.y),
        training,
        loss,
        name=f"the {role}",
        checkpoint=Path(checkpoint) / f"{role}.pt" if checkpoint is not None else None,
        identity=identity,
        watch=lambda share, text: progress(share, 1.0, text),
    )


def identity_of(*parts: Any) -> str:
    """A digest of JSON values: equal exactly when all of them are."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _kept(history: History, training: Training) -> dict[str, float]:
    row = chosen_row(history, training)
    return {key: row[key] for key in ("epoch", "val_loss", "val_accuracy")}


def _check_softness(temperature: float, hard_weight: float) -> None:
    if not (isinstance(temperature, (int, float)) and 1.0 <= temperature <= 100.0):
        raise InputError(f"temperature is {temperature!r}", "1 to 100; 2 to 6 are usual")
    if not (isinstance(hard_weight, (int, float)) and 0.0 <= hard_weight <= 1.0):
        raise InputError(f"hard_weight is {hard_weight!r}", "0 (teachers alone) to 1 (labels alone)")


def _check_classes(data: _Data, teachers: Sequence[Any], student: Any) -> None:
    if not teachers:
        raise InputError("there is no teacher", "give one module or a list of them")
    classes = data.check(student, "the student")
    for index, one in enumerate(teachers):
        name = "the teacher" if len(teachers) == 1 else f"teacher {index}"
        if one is student:
            raise InputError(f"{name} is the student itself", "give another module, or a copy.deepcopy of it")
        if (found := classes_of(one, name, data.val.x)) != classes:
            raise InputError(f"{name} has {found} classes, the student {classes}", "both need the same classes")
