"""What the networks of a call of the Python API are trained with: its data, checked, and its options."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset
from torch.utils.data import Dataset as TorchDataset

from edgekd.data.dataset import check_labels
from edgekd.distill.identity import identity_of
from edgekd.distill.inference import accuracy, predict
from edgekd.distill.inputs import check_batch, checked_loader, classes_of, parts_of, samples_of
from edgekd.distill.loggers import logger_of
from edgekd.distill.teaching import Teaching, TrainingSet, fit_taught
from edgekd.distill.training import Row, Training, chosen_row
from edgekd.errors import InputError
from edgekd.progress import Progress

History = list[Row]


class Data:
    """Training, validation and test data of a call, checked.

    first: samples of the training set, (samples, channels, …): all of them, or a DataLoader's first batch.
    """

    def __init__(self, train: Any, val: Any, augment: str, training: Training, *, unlabelled: bool = False) -> None:
        train, val, self.test = parts_of(train, val)
        self.val = samples_of(val, "val")
        if isinstance(train, TorchDataset):
            train = _loader_of(train, training.batch_size)
        if not isinstance(train, DataLoader):
            samples = samples_of(train, "train", unlabelled=unlabelled)
            self.train, self.first = TrainingSet(samples, augment), samples.x
        else:
            if augment != "none":
                raise InputError(f"augment {augment!r} does not go with a DataLoader", "augment in its Dataset")
            self.first, y = checked_loader(train, "train")
            labelled = y.dtype != torch.int64 or bool((y >= 0).any())
            if not (labelled or unlabelled):
                raise InputError("train: the DataLoader gives no labels", "a batch must be (samples, labels)")
            self.train = TrainingSet(None, augment, train, loader_labelled=labelled)
        if self.first.shape[1:] != self.val.x.shape[1:]:
            raise InputError(
                f"train has samples of shape {list(self.first.shape[1:])}, val of {list(self.val.x.shape[1:])}"
            )

    def check(self, model: Any, name: str) -> int:
        """Classes of a network; the data's labels must be among them."""
        classes = classes_of(model, name, self.val.x)
        check_labels("val: y", self.val.y.numpy(), classes)
        if self.train.samples is not None:
            if self.train.labelled:
                check_labels("train: y", self.train.samples.y.numpy(), classes)
        else:
            self.train = replace(self.train, check=check_batch(classes, "train", labelled=self.train.labelled))
        return classes

    def tested(self, key: str, model: nn.Module) -> dict[str, float]:
        return {key: accuracy(predict(model, self.test.x), self.test.y)} if self.test is not None else {}


def _loader_of(dataset: TorchDataset[Any], batch_size: int) -> DataLoader[Any]:
    """Batches as of arrays: shuffled anew in each epoch, without the last, smaller one."""
    if isinstance(dataset, IterableDataset):
        raise InputError("train is an IterableDataset", "a Dataset with __getitem__ and __len__, or a DataLoader")
    count = len(dataset) if isinstance(dataset, Sized) else batch_size
    return DataLoader(
        dataset, batch_size=batch_size, shuffle=True, drop_last=count > batch_size, generator=torch.Generator()
    )


class Call:
    """What all networks of a call are trained with."""

    def __init__(
        self, data: Data, training: Training, checkpoint: Path | str | None, log: Any, progress: Progress
    ) -> None:
        self.data, self.training, self.log = data, training, logger_of(log)
        self._folder = folder_of(checkpoint, "checkpoint")
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


def folder_of(value: Path | str | None, option: str) -> Path | None:
    """A folder for files, which need not be there yet. Raises InputError when it is something else."""
    if value is None:
        return None
    if not isinstance(value, (str, Path)):
        raise InputError(f"{option} is a {type(value).__name__}", "the path of a folder")
    if Path(value).exists() and not Path(value).is_dir():
        raise InputError(f"{option}: {value} is no folder", "files are written into it: give a folder, or a new path")
    return Path(value)


def kept(history: History, training: Training) -> dict[str, float]:
    """The figures of the epoch whose weights are kept."""
    row = chosen_row(history, training)
    return {key: row[key] for key in ("epoch", "val_loss", "val_accuracy")}
