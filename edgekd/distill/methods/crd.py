"""Contrastive representation distillation (Tian, Krishnan & Isola, ICLR 2020, arXiv:1910.10699, section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgekd.distill.connectors import pooled
from edgekd.distill.feeds import Batch
from edgekd.distill.methods.base import Setting, option
from edgekd.distill.methods.feature_method import Comparison, FeatureMethod, Shape
from edgekd.distill.seeds import mixed, seeded
from edgekd.errors import InputError

_EPSILON = 1e-7
_EMBEDDINGS, _BANKS = 5, 6  # their places among the streams of a seed


def contrastive_loss(positive: Tensor, negative: Tensor, is_negative: Tensor, samples: int) -> Tensor:
    """Tell the sample's own pair from others: -log h(own) - sum over the others of log(1 - h(other)).

    h = e / (e + N / M), section 3.2, with e the exponential of the critic, normalised over the data; N: negatives of
    a row; M: samples. positive: e of the own pair, (batch,). negative: e of other pairs, (batch, drawn). is_negative:
    which of these count, (batch, drawn). Returns a scalar, averaged over the batch.
    """
    chance = is_negative.sum(dim=1) / samples
    own = torch.log(positive / (positive + chance + _EPSILON))
    others = torch.log(chance[:, None] / (negative + chance[:, None] + _EPSILON))
    return -(own + torch.where(is_negative, others, 0.0).sum(dim=1)).mean()


@dataclass(frozen=True, kw_only=True)
class CRD(FeatureMethod):
    """The last common stage, as vectors, embedded by a linear layer on each side.

    critic_temperature: tau, 0.07 of the paper's code; 0.05 to 0.2 do (section 4.3). negatives: drawn a batch, of other
    classes; 16384 in the paper, at most the training set. momentum: of the memory of embeddings. size: of an embedding.
    """

    name = "crd"

    weight: float = option(0.8, 0.0, 1e9)
    critic_temperature: float = option(0.07, 0.001, 10.0)
    negatives: int = option(16384, 1, 1_000_000)
    momentum: float = option(0.5, 0.0, 1.0)
    size: int = option(128, 2, 4096)

    @property
    def needs_labels(self) -> bool:
        return True  # negatives are of other classes

    def choose(self, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return pairs[-1:]

    def comparison(self, student: Shape, teacher: Shape, setting: Setting, place: int) -> Comparison:
        if setting.labels is None:
            raise InputError(
                "crd needs a training set in memory, with labels", "give (x, y) arrays in place of a DataLoader"
            )
        return _Contrast(self, student[0], teacher[0], setting, setting.labels, place)


class _Contrast(Comparison):
    """Embeddings, and the memory of what each sample's were: (samples, size) a side."""

    labels: Tensor
    student_bank: Tensor
    teacher_bank: Tensor
    scales: Tensor

    def __init__(self, method: CRD, student: int, teacher: int, setting: Setting, labels: Tensor, place: int) -> None:
        super().__init__()
        self._tau, self._momentum = method.critic_temperature, method.momentum
        self._drawn = min(method.negatives, len(labels))
        with seeded(mixed(setting.seed, _EMBEDDINGS, place)):
            self.student, self.teacher = nn.Linear(student, method.size), nn.Linear(teacher, method.size)
        generator = torch.Generator().manual_seed(mixed(setting.seed, _BANKS, place))
        for name in ("student_bank", "teacher_bank"):
            random = torch.randn(len(labels), method.size, generator=generator)
            self.register_buffer(name, functional.normalize(random, dim=1))
        self.register_buffer("labels", labels.clone(), persistent=False)
        self.register_buffer("scales", torch.zeros(2))  # what makes e a density: set by the first batch, 0 before

    def forward(self, student: Tensor, teacher: Tensor, batch: Batch) -> Tensor:
        assert batch.chosen is not None, "samples in memory have numbers"
        mine = functional.normalize(self.student(pooled(student)), dim=1)
        theirs = functional.normalize(self.teacher(pooled(teacher)), dim=1)
        index = batch.chosen.to(mine.device)
        drawn = torch.randint(len(self.labels), (self._drawn,), device=mine.device)
        is_negative = self.labels[drawn][None, :] != batch.y[:, None]
        loss = self._side(0, mine, self.teacher_bank, index, drawn, is_negative)
        loss = loss + self._side(1, theirs, self.student_bank, index, drawn, is_negative)
        with torch.no_grad():
            self._remember(self.student_bank, index, mine)
            self._remember(self.teacher_bank, index, theirs)
        return loss

    def _side(
        self, side: int, anchor: Tensor, bank: Tensor, index: Tensor, drawn: Tensor, is_negative: Tensor
    ) -> Tensor:
        # Copies: the bank changes in place before the gradients are computed.
        positive = torch.exp((anchor * bank[index].clone()).sum(dim=1) / self._tau)
        negative = torch.exp(anchor @ bank[drawn].clone().T / self._tau)
        if float(self.scales[side]) == 0.0:
            self.scales[side] = negative.detach().mean() * len(bank)
        scale = self.scales[side].clone()
        return contrastive_loss(positive / scale, negative / scale, is_negative, len(bank))

    def _remember(self, bank: Tensor, index: Tensor, embedded: Tensor) -> None:
        mixed_in = self._momentum * bank[index] + (1.0 - self._momentum) * embedded.to(bank.dtype)
        bank[index] = functional.normalize(mixed_in, dim=1)
