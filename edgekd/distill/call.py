"""What the networks of a call of the Python API are trained with: its data, checked, and its options."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from torch import nn
from torch.utils.data import DataLoader

from edgekd.data.dataset import check_labels
from edgekd.distill.feeds import samples_and_labels
from edgekd.distill.identity import identity_of
from edgekd.distill.inference import accuracy, predict
from edgekd.distill.inputs import check_batch, classes_of, parts_of, samples_of
from edgekd.distill.loggers import logger_of
from edgekd.distill.teaching import Teaching, TrainingSet, fit_taught
from edgekd.distill.training import Row, Training, chosen_row
from edgekd.errors import InputError
from edgekd.progress import Progress

History = list[Row]


class Data:
    """Training, validation and test data of a call, checked."""

    def __init__(self, train: Any, val: Any, augment: str, *, unlabelled: bool = False) -> None:
        train, val, self.test = parts_of(train, val)
        self.val = samples_of(val, "val")
        self._loader = train if isinstance(train, DataLoader) else None
        samples = None if self._loader is not None else samples_of(train, "train", unlabelled=unlabelled)
        if self._loader is not None and augment != "none":
            raise InputError(f"augment {augment!r} does not go with a DataLoader", "augment in its Dataset")
        if samples is not None and samples.x.shape[1:] != self.val.x.shape[1:]:
            raise InputError(
                f"train has samples of shape {list(samples.x.shape[1:])}, val of {list(self.val.x.shape[1:])}"
            )
        self.train = TrainingSet(samples, augment, self._loader)

    def check(self, model: Any, name: str) -> int:
        """Classes of a network; the data's labels must be among them."""
        classes = classes_of(model, name, self.val.x)
        check_labels("val: y", self.val.y.numpy(), classes)
        if self.train.samples is not None:
            if self.train.labelled:
                check_labels("train: y", self.train.samples.y.numpy(), classes)
        elif self._loader is not None:
            x, _ = samples_and_labels(next(iter(self._loader), None))
            classes_of(model, name, x)
            self.train = replace(self.train, check=check_batch(classes, "train"))
        return classes

    def tested(self, key: str, model: nn.Module) -> dict[str, float]:
        return {key: accuracy(predict(model, self.test.x), self.test.y)} if self.test is not None else {}


class Call:
    """What all networks of a call are trained with."""

    def __init__(
        self, data: Data, training: Training, checkpoint: Path | str | None, log: Any, progress: Progress
    ) -> None:
        self.data, self.training, self.log = data, training, logger_of(log)
        self._folder = Path(checkpoint) if checkpoint is not None else None
        self._progress = progress

    def fit(self, model: nn.Module, role: str, teaching: Teaching | None, training: Training | None = None) -> History:
        training = training or self.training
        identity = ""
        if self._folder is not None:
            shapes = [(key, list(value.shape)) for key, value in model.state_dict().items()]
            taught = [] if teaching is None else teaching.identity()
            identity = identity_of(
                role, asdict(training), self.data.train.identity(), self.data.val.digest(), shapes, taught
            )
        return fit_taught(
            model,
            self.data.train,
            self.data.val,
            training,
            teaching,
            name=f"the {role}",
            checkpoint=self._folder / f"{role}.pt" if self._folder is not None else None,
            identity=identity,
            watch=lambda share, text: self._progress(share, 1.0, text),
            log=lambda row: self.log.row(role, row),
        )


def kept(history: History, training: Training) -> dict[str, float]:
    """The figures of the epoch whose weights are kept."""
    row = chosen_row(history, training)
    return {key: row[key] for key in ("epoch", "val_loss", "val_accuracy")}
