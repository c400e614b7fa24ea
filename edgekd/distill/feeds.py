"""What a training epoch is fed: batches of samples and labels, and what the teachers say of them.

A feed gives the same batches whenever it is asked for the same epoch, so a student and its control see the same
images in the same order, and resumed training goes on as it would have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from edgekd.distill.answers import Answers, Place
from edgekd.distill.augment import Augment
from edgekd.distill.seeds import mixed
from edgekd.errors import InputError

_ORDER = 1  # the place of a feed's own random stream among those of a seed
_MIXUP = 7


class Batch(NamedTuple):
    """x: (batch, channels, …). y: class indices, (batch,), -1 where there are no labels. answers: the teachers'
    logits, (teachers, batch, classes). chosen: which samples of the training set, (batch,), None from a DataLoader.
    epoch: from 0."""

    x: Tensor
    y: Tensor
    answers: Tensor | None = None
    chosen: Tensor | None = None
    epoch: int = 0


# What is minimised: the scalar, and its parts by name, detached, for the history. From the network's logits, (batch,
# classes), and the batch. One with weights or memory of its own is a torch.nn.Module.
Loss = Callable[[Tensor, Batch], tuple[Tensor, dict[str, Tensor]]]


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

    x: (samples, channels, …) float32. y: int64 (samples,). answers: of the teachers. mixup: mix each image with
    another one of its batch (Zhang et al. 2018, arXiv:1710.09412), by a share of 0 to 1, all equally likely; the
    labels then say nothing.
    """

    def __init__(
        self,
        x: Tensor,
        y: Tensor,
        *,
        batch_size: int,
        augment: Augment,
        seed: int,
        answers: Answers | None = None,
        mixup: bool = False,
    ) -> None:
        self._x, self._y, self._seed = x, y, seed
        self._batch_size = min(batch_size, len(x))
        self._augment, self._answers, self._mixup = augment, answers, mixup

    def __len__(self) -> int:
        return len(self._x) // self._batch_size

    def epoch(self, number: int) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(mixed(self._seed, _ORDER, number))
        order = torch.randperm(len(self._x), generator=generator)
        views = self._augment.draw(len(self._x), generator)
        shares = torch.Generator().manual_seed(mixed(self._seed, _MIXUP, number))
        for step in range(len(self)):
            chosen = order[step * self._batch_size : (step + 1) * self._batch_size]
            x, y = self._augment.apply(self._x[chosen], views[chosen]), self._y[chosen]
            if self._mixup:
                x, y = _mixed_up(x, shares), torch.full_like(y, -1)
            answers = None
            if self._answers is not None:
                answers = self._answers.of(x, Place(chosen, views[chosen], number, step, len(self)))
            yield Batch(x, y, answers, chosen, number)


class LoaderFeed:
    """Batches of a user's DataLoader, see samples_and_labels. ask: the teachers, asked batch by batch.

    The loader's generator, if it has one of its own, is set by (seed, epoch); global random numbers are the trainer's.
    Raises InputError for a batch that is none or that `check` refuses.
    """

    def __init__(
        self,
        loader: DataLoader[Any],
        *,
        seed: int,
        check: Callable[[Tensor, Tensor], None],
        ask: Callable[[Tensor], Tensor] | None = None,
        mixup: bool = False,
    ) -> None:
        self._loader, self._seed, self._check, self._ask, self._mixup = loader, seed, check, ask, mixup

    def __len__(self) -> int:
        return len(self._loader)

    def epoch(self, number: int) -> Iterator[Batch]:
        for source in {id(g): g for g in self._generators()}.values():
            source.manual_seed(mixed(self._seed, _ORDER, number))
        shares = torch.Generator().manual_seed(mixed(self._seed, _MIXUP, number))
        for batch in self._loader:
            x, y = samples_and_labels(batch)
            self._check(x, y)
            if self._mixup:
                x, y = _mixed_up(x, shares), torch.full_like(y, -1)
            yield Batch(x, y, self._ask(x) if self._ask is not None else None, None, number)

    def _generators(self) -> list[torch.Generator]:
        found = (getattr(self._loader, "generator", None), getattr(self._loader.sampler, "generator", None))
        return [generator for generator in found if generator is not None]


def _mixed_up(x: Tensor, generator: torch.Generator) -> Tensor:
    """Each sample mixed with its neighbour in the batch."""
    share = torch.rand(len(x), generator=generator).reshape(-1, *[1] * (x.ndim - 1)).to(x)
    return share * x + (1.0 - share) * x.roll(1, dims=0)


def samples_and_labels(batch: Any) -> tuple[Tensor, Tensor]:
    """A loader's batch, (samples, labels) or samples alone, as samples and labels; these are -1 where there are none.

    Double precision becomes float32 and any whole number int64, as of arrays. Raises InputError for other batches.
    """
    parts = list(batch) if isinstance(batch, (tuple, list)) else [batch]
    if not 1 <= len(parts) <= 2 or not all(isinstance(part, Tensor) for part in parts) or parts[0].ndim == 0:
        raise InputError(
            f"the DataLoader gives a {type(batch).__name__}",
            "a batch must be (samples, labels), two tensors, or samples alone where no labels are needed",
        )
    x = parts[0].float() if parts[0].dtype == torch.float64 else parts[0]
    if len(parts) == 1:
        return x, torch.full((len(x),), -1)
    whole = not (parts[1].is_floating_point() or parts[1].dtype == torch.bool)
    return x, parts[1].long() if whole else parts[1]
