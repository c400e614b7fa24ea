"""What both sides train: networks, samples and their order, learning rates."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import edgekd
from edgekd import data, models
from edgekd.distill.augment import Augment
from edgekd.distill.feeds import ArrayFeed
from edgekd.distill.inputs import channels_first

TEMPERATURE = 4.0
HARD_WEIGHT = 0.1
SETTINGS: dict[str, Any] = {
    "data": {"source": "fashion-mnist", "samples": 10_000},
    "teacher": {"model": "teacher_cnn", "options": {"width": 24}},
    "student": {"model": "student_cnn", "options": {"width": 16}},
    "batch_size": 128,
    "learning_rate": 0.002,  # so slow that rounding, which differs, does not grow into other losses
    "seed": 0,
}
SMALL: dict[str, Any] = {
    **SETTINGS,
    "data": {"source": "digits", "samples": 640},
    "teacher": {"model": "teacher_cnn", "options": {"image_size": 8, "width": 8}},
    "student": {"model": "student_cnn", "options": {"image_size": 8, "width": 4}},
    "batch_size": 64,
    "learning_rate": 0.05,
}
_VALIDATION = 16  # as few samples as edgekd will do with: torchdistill leaves validation to the user
_TEACHER_TRAINING = {"epochs": 1, "learning_rate": 0.05, "optimizer": "sgd", "weight_decay": 5e-4}


@dataclass(frozen=True)
class Work:
    """One epoch. x: (samples, channels, …). order: of the samples, that which edgekd gives the seed; whole batches."""

    settings: dict[str, Any]
    x: Tensor
    y: Tensor
    teacher: nn.Module
    order: list[int]

    def student(self) -> nn.Module:
        """With the same weights each time."""
        return _network(self.settings["student"], self.settings["seed"] + 1)

    def loader(self) -> DataLoader[Any]:
        size = self.settings["batch_size"]
        return DataLoader(TensorDataset(self.x, self.y), batch_size=size, sampler=self.order)

    @property
    def validation(self) -> tuple[Tensor, Tensor]:
        return self.x[:_VALIDATION], self.y[:_VALIDATION]

    @property
    def steps(self) -> int:
        return len(self.order) // int(self.settings["batch_size"])


def prepare(settings: dict[str, Any]) -> Work:
    said, seed = settings["data"], settings["seed"]
    dataset = data.load(said["source"], validation=200)
    count = said["samples"]
    dataset = dataclasses.replace(dataset, x_train=dataset.x_train[:count], y_train=dataset.y_train[:count])
    x, y = channels_first(dataset.x_train), torch.from_numpy(dataset.y_train)
    teacher = edgekd.train(_network(settings["teacher"], seed), dataset, seed=seed, **_TEACHER_TRAINING).model
    feed = ArrayFeed(x, y, batch_size=settings["batch_size"], augment=Augment(), seed=seed)
    order = [int(place) for batch in feed.epoch(0) if batch.chosen is not None for place in batch.chosen]
    return Work(settings, x, y, teacher, order)


def _network(said: dict[str, Any], seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return models.resolve(said["model"], **said["options"])
