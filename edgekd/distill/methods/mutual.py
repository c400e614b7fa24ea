"""Deep mutual learning (Zhang et al., CVPR 2018, arXiv:1706.00384): peers that learn at once and of each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgekd.distill.feeds import Batch, Loss
from edgekd.distill.inference import arranged
from edgekd.distill.methods.base import Method, Setting, option, weighted
from edgekd.distill.methods.soft_targets import soft_targets, soften
from edgekd.distill.teachers.ensemble import Ensemble
from edgekd.errors import InputError


def mutual_loss(logits: Sequence[Tensor], target: Tensor, own: int, *, temperature: float = 1.0) -> Tensor:
    """The loss of network `own` of a cohort, section 2.3: CE(labels) + mean over the others of KL(other ‖ own).

    logits: of every network, (batch, classes) each; the others' are taken as they are, without gradient.
    target: class indices, (batch,). Returns a scalar, averaged over the batch.
    """
    others = [
        soft_targets(logits[own], soften(other.detach(), temperature), temperature=temperature)
        for place, other in enumerate(logits)
        if place != own
    ]
    return functional.cross_entropy(logits[own], target) + torch.stack(others).mean()


@dataclass(frozen=True, kw_only=True)
class Mutual(Method):
    """The teachers are peers: torch modules, as they come, that are trained in place beside the student.

    temperature: 1 in the paper.
    """

    name = "mutual"
    trains_teachers = True

    temperature: float = option(1.0, 0.1, 100.0)

    @property
    def asks(self) -> bool:
        return False

    def check(self, teachers: Ensemble) -> None:
        teachers.modules(self.name)

    def build(self, setting: Setting) -> Loss:
        if self.start_epoch:
            raise InputError("mutual: peers learn from the first epoch on", "leave start_epoch out")
        return _Cohort(setting.teachers.modules(self.name), self.temperature)


class _Cohort(nn.Module):
    """The peers' losses beside the student's: their gradients do not meet, so one sum trains all."""

    def __init__(self, peers: Sequence[nn.Module], temperature: float) -> None:
        super().__init__()
        self.peers = nn.ModuleList(peers)
        self._temperature = temperature

    def forward(self, logits: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        said = [logits, *(peer(arranged(batch.x)) for peer in self.peers)]
        losses = [mutual_loss(said, batch.y, own, temperature=self._temperature) for own in range(len(said))]
        return weighted(student=(1.0, losses[0]), peers=(1.0, torch.stack(losses[1:]).sum()))
