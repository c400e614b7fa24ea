"""What the teachers say of each batch: asked beforehand, as training goes, or taken from disk.

Answers are logits of each teacher, (teachers, samples, classes), see teachers/ensemble.py. A training that takes them
from disk is equal to the bit to the one that put them there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from edgekd.distill.augment import Augment
from edgekd.distill.teachers.ensemble import Ensemble
from edgekd.distill.teachers.member import Member
from edgekd.distill.teachers.stored import StoredMember
from edgekd.errors import InputError
from edgekd.files import whole_file

_PIECE = 2048  # samples asked about at once
_FORMAT = "1"

Told = Callable[[float], None]


class Place(NamedTuple):
    """Where a batch stands. chosen, views: which samples, as which view, (batch,); epoch, step: from 0."""

    chosen: Tensor
    views: Tensor
    epoch: int
    step: int
    steps: int


class Answers(Protocol):
    def of(self, x: Tensor, place: Place) -> Tensor:
        """Logits of each teacher for a batch as the student sees it: (teachers, batch, classes)."""
        ...


class Asked:
    """The teachers themselves, asked batch by batch."""

    def __init__(self, teachers: Ensemble) -> None:
        self._teachers = teachers

    def of(self, x: Tensor, place: Place) -> Tensor:
        return self._teachers.ask(x)


class Table:
    """Answers to every view of every sample, (teachers, views, samples, classes)."""

    def __init__(self, table: Tensor) -> None:
        self._table = table

    def of(self, x: Tensor, place: Place) -> Tensor:
        return self._table[:, place.views, place.chosen]


class Store:
    """Answers in a folder, one file for what they are answers to; written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, key: dict[str, Any], shape: tuple[int, ...]) -> Tensor | None:
        """The answers to `key`, None when they are not there.

        Raises InputError when their file is damaged, holds other answers than its name promises or other shapes.
        """
        path = self._path(key)
        if not path.exists():
            return None
        damaged = InputError(f"{path}: damaged, or no answers of teachers", "delete it: they are then asked again")
        try:
            with safe_open(str(path), framework="pt") as file:
                said = dict(file.metadata() or {})
                answers: Tensor = file.get_tensor("answers")
        except OSError as error:
            raise InputError(f"{path}: {error.strerror or error}") from None
        except (SafetensorError, RuntimeError, ValueError):
            raise damaged from None
        if said.get("key") != _text(key):
            raise InputError(
                f"{path} holds answers of other teachers or to other samples than its name says",
                "delete it: they are then asked again",
            )
        if said.get("format") != _FORMAT or said.get("sha256") != _digest(answers) or tuple(answers.shape) != shape:
            raise damaged
        return answers

    def keep(self, key: dict[str, Any], answers: Tensor) -> None:
        """Raises EdgekdError when they cannot be written."""
        answers = answers.contiguous()
        about = {"format": _FORMAT, "key": _text(key), "sha256": _digest(answers)}
        with whole_file(self._path(key)) as partial:
            partial.write_bytes(save({"answers": answers}, about))

    def _path(self, key: dict[str, Any]) -> Path:
        return self._folder / f"{hashlib.sha256(_text(key).encode()).hexdigest()[:24]}.safetensors"


class Recorded:
    """The teachers, asked batch by batch in the first run and taken from disk in the next, an epoch a file.

    key: what else decides the batches: data, augmentation, its seed, mixup, size of a batch.
    """

    def __init__(self, teachers: Ensemble, store: Store, key: dict[str, Any]) -> None:
        self._teachers, self._store, self._key = teachers, store, {**key, "teachers": teachers.member_digests()}
        self._kept: Tensor | None = None
        self._heard: list[Tensor] = []

    def of(self, x: Tensor, place: Place) -> Tensor:
        key = {**self._key, "epoch": place.epoch}
        if place.step == 0:
            shape = (len(self._teachers.members), place.steps * len(x), self._teachers.classes)
            self._kept, self._heard = self._store.find(key, shape), []
        if self._kept is not None:
            return self._kept[:, place.step * len(x) : (place.step + 1) * len(x)]
        said = self._teachers.ask(x)
        self._heard.append(said)
        if len(self._heard) == place.steps:
            self._store.keep(key, torch.cat(self._heard, dim=1))
        return said


def table_of(
    teachers: Ensemble, x: Tensor, augment: Augment, store: Store | None, key: dict[str, Any], told: Told | None = None
) -> Table:
    """Ask every teacher about every view of every sample, or take its answers from the store.

    x: (samples, channels, …). key: what decides the samples and views. told: the share done, 0 to 1.
    """
    tables = []
    for number, member in enumerate(teachers.members):

        def share(done: float, number: int = number) -> None:
            if told is not None:
                told((number + done) / len(teachers.members))

        tables.append(_table_of_one(member, x, augment, store, key, share))
    return Table(torch.stack(tables))


def said_of(teachers: Ensemble, x: Tensor, store: Store | None, data: str) -> Tensor:
    """What each teacher says of samples as they are, (teachers, samples, classes); data: their digest."""
    key = {"data": data, "augment": "none"}
    said = [_table_of_one(member, x, Augment(), store, key, lambda done: None)[0] for member in teachers.members]
    return torch.stack(said)


def _table_of_one(
    member: Member, x: Tensor, augment: Augment, store: Store | None, key: dict[str, Any], told: Told
) -> Tensor:
    """(views, samples, classes)."""
    if isinstance(member, StoredMember):
        return member.table(augment.views, len(x))
    assert member.classes is not None
    key = {**key, "teacher": member.digest()}
    shape = (augment.views, len(x), member.classes)
    if store is not None and (kept := store.find(key, shape)) is not None:
        told(1.0)
        return kept
    table = torch.empty(shape)
    for view in range(augment.views):
        for start in range(0, len(x), _PIECE):
            piece = x[start : start + _PIECE]
            seen = augment.apply(piece, torch.full((len(piece),), view, dtype=torch.int64))
            table[view, start : start + len(piece)] = member.ask(seen)
            told((view + (start + len(piece)) / len(x)) / augment.views)
    if store is not None:
        store.keep(key, table)
    return table


def _text(key: dict[str, Any]) -> str:
    return json.dumps({**key, "torch": torch.__version__}, sort_keys=True)


def _digest(answers: Tensor) -> str:
    return hashlib.sha256(answers.contiguous().numpy().tobytes()).hexdigest()
