"""What a training epoch is fed: batches of samples and labels, and what the teachers say of them.

A feed gives the same batches whenever it is asked for the same epoch, so a student and its control see the same
images in the same order, and resumed training goes on as it would have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from edgekd.distill.augment import Augment
from edgekd.distill.ensemble import ensemble
from edgekd.distill.seeds import mixed
from edgekd.errors import InputError

_ORDER = 1  # the place of a feed's own random stream among those of a seed


class Batch(NamedTuple):
    """x: (batch, channels, …). y: class indices, (batch,). soft: the teachers' probabilities, (batch, classes)."""

    x: Tensor
    y: Tensor
    soft: Tensor | None


class Feed(Protocol):
    """Where batches come from."""

    def __len__(self) -> int:
        """Batches an epoch."""
        ...

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of an epoch, from 0; the same ones each time."""
        ...


class ArrayFeed:
    """Batches of samples in memory, shuffled and augmented by seed; the last, smaller batch of an epoch is dropped.

    x: (samples, channels, …) float32. y: int64 (samples,). tables: what the teachers say of every view,
    (views, samples, classes), see `soft_tables`; or ask: the teachers themselves, asked batch by batch.
    """

    def __init__(
        self,
        x: Tensor,
        y: Tensor,
        *,
        batch_size: int,
        augment: Augment,
        seed: int,
        tables: Tensor | None = None,
        ask: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self._x, self._y, self._seed = x, y, seed
        self._batch_size = min(batch_size, len(x))
        self._augment, self._tables, self._ask = augment, tables, ask

    def __len__(self) -> int:
        return len(self._x) // self._batch_size

    def epoch(self, number: int) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(mixed(self._seed, _ORDER, number))
        order = torch.randperm(len(self._x), generator=generator)
        views = self._augment.draw(len(self._x), generator)
        for step in range(len(self)):
            chosen = order[step * self._batch_size : (step + 1) * self._batch_size]
            x = self._augment.apply(self._x[chosen], views[chosen])
            yield Batch(x, self._y[chosen], self._soft(x, chosen, views[chosen]))

    def _soft(self, x: Tensor, chosen: Tensor, views: Tensor) -> Tensor | None:
        if self._tables is not None:
            return self._tables[views, chosen]
        return self._ask(x) if self._ask is not None else None


class LoaderFeed:
    """Batches of a user's DataLoader, which gives (samples, labels). ask: the teachers, asked batch by batch.

    The loader's generator, if it has one of its own, is set by (seed, epoch); global random numbers are the trainer's.
    Raises InputError for a batch that is not (samples, labels) or that `check` refuses.
    """

    def __init__(
        self,
        loader: DataLoader[Any],
        *,
        seed: int,
        check: Callable[[Tensor, Tensor], None],
        ask: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self._loader, self._seed, self._check, self._ask = loader, seed, check, ask

    def __len__(self) -> int:
        return len(self._loader)

    def epoch(self, number: int) -> Iterator[Batch]:
        for source in {id(g): g for g in self._generators()}.values():
            source.manual_seed(mixed(self._seed, _ORDER, number))
        for batch in self._loader:
            x, y = samples_and_labels(batch)
            self._check(x, y)
            yield Batch(x, y, self._ask(x) if self._ask is not None else None)

    def _generators(self) -> list[torch.Generator]:
        found = (getattr(self._loader, "generator", None), getattr(self._loader.sampler, "generator", None))
        return [generator for generator in found if generator is not None]


def samples_and_labels(batch: Any) -> tuple[Tensor, Tensor]:
    """A loader's batch as (samples, labels). Raises InputError when it is something else."""
    if isinstance(batch, (tuple, list)) and len(batch) == 2 and all(isinstance(part, Tensor) for part in batch):
        return batch[0], batch[1]
    raise InputError(f"the DataLoader gives a {type(batch).__name__}", "a batch must be (samples, labels), two tensors")


def soft_tables(
    teachers: Sequence[nn.Module],
    x: Tensor,
    augment: Augment,
    temperature: float,
    progress: Callable[[float], None] | None = None,
) -> Tensor:
    """What the teachers say of every view of every sample: probabilities, (views, samples, classes).

    x: (samples, channels, …). progress: told the share done, 0 to 1.
    """
    tables = []
    for view in range(augment.views):
        pieces = []
        for start in range(0, len(x), 2048):
            piece = x[start : start + 2048]
            seen = augment.apply(piece, torch.full((len(piece),), view, dtype=torch.int64))
            pieces.append(ensemble(teachers, seen, temperature))
            if progress is not None:
                progress((view + (start + len(piece)) / len(x)) / augment.views)
        tables.append(torch.cat(pieces))
    return torch.stack(tables)
