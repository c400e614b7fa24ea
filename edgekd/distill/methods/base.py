"""What every method shares: its options, checked, and how it becomes the loss of one training.

A method is a specification (`DKD(alpha=2.0)`): a frozen dataclass that can be compared, written down and used again.
`begin` makes the loss of one training from it: a function of the student's logits and a batch, or a Module where the
loss has something to train or to remember (projections, memory banks, peers).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.nn import functional

from edgekd.distill.feeds import Batch, Loss
from edgekd.distill.teachers.ensemble import Ensemble
from edgekd.errors import InputError


@dataclass(frozen=True)
class Setting:
    """One training, as a method sees it before it begins.

    sample: some samples of the validation set, (samples, channels, …), to see shapes by. epochs: of the whole
    training. labels: of the training set, (samples,), None when it is not in memory or has none. seed: of the training.
    """

    student: nn.Module
    teachers: Ensemble
    sample: Tensor
    epochs: int
    labels: Tensor | None
    seed: int


def option(default: float, least: float, most: float, hint: str = "") -> Any:
    """A number of a method's specification and its range; hint: what is usual."""
    return field(default=default, metadata={"range": (least, most), "hint": hint})


def hard_option(default: float) -> Any:
    """The weight of the cross-entropy with the labels."""
    return option(default, 0.0, 1e6, "0 (teachers alone) or more")


@dataclass(frozen=True, kw_only=True)
class Method:
    """Base of the methods. start_epoch: the epoch, from 0, where the teachers begin; before it labels alone teach.

    asks: the loss needs the teachers' logits with each batch. mixes: batches are mixed pairs of samples (mixup), so
    labels say nothing. trains_teachers: the teachers learn, too.
    """

    name: ClassVar[str] = ""
    mixes: ClassVar[bool] = False
    trains_teachers: ClassVar[bool] = False

    start_epoch: int = option(0, 0, 1_000_000)

    def __post_init__(self) -> None:
        for one in fields(self):
            if "range" not in one.metadata:
                continue
            value, (least, most) = getattr(self, one.name), one.metadata["range"]
            number = isinstance(value, int if isinstance(one.default, int) else (int, float))
            if isinstance(value, bool) or not number or not least <= value <= most:
                raise InputError(
                    f"{self.name}: {one.name} is {value!r}", one.metadata["hint"] or f"from {least:g} to {most:g}"
                )

    @property
    def asks(self) -> bool:
        return True

    @property
    def needs_labels(self) -> bool:
        return self.start_epoch > 0 or getattr(self, "hard_weight", 1.0) > 0

    def check(self, teachers: Ensemble) -> None:
        """Raise InputError when such teachers cannot teach by this method."""

    def build(self, setting: Setting) -> Loss:
        """The loss of one training, without regard to start_epoch. Raises InputError when it does not suit."""
        raise NotImplementedError

    @contextlib.contextmanager
    def begin(self, setting: Setting) -> Iterator[Loss]:
        """The loss of one training; what it hung on the networks is gone outside."""
        loss = self.build(setting)
        try:
            yield _Late(loss, self.start_epoch) if self.start_epoch else loss
        finally:
            close = getattr(loss, "close", None)
            if close is not None:
                close()


def weighted(**parts: tuple[float, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
    """The sum of weight · loss, and the losses by name, detached and before weighting."""
    terms = [weight * loss for weight, loss in parts.values()]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total, {name: loss.detach() for name, (_, loss) in parts.items()}


def hard(weight: float, logits: Tensor, batch: Batch) -> dict[str, tuple[float, Tensor]]:
    """The cross-entropy with the labels as a part for `weighted`; none at weight 0, where there may be no labels."""
    return {"hard": (weight, functional.cross_entropy(logits, batch.y))} if weight else {}


class _Late(nn.Module):
    """Labels alone before an epoch, another loss from then on."""

    def __init__(self, loss: Loss, start: int) -> None:
        super().__init__()
        self.loss = loss  # registered as a part of this one when it is a Module
        self._start = start

    def forward(self, logits: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        if batch.epoch >= self._start:
            return self.loss(logits, batch)
        value = functional.cross_entropy(logits, batch.y)
        return value, {"hard": value.detach()}
