"""Hints (FitNets; Romero et al., ICLR 2015, arXiv:1412.6550, equation 3)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from edgekd.distill.connectors import Projection, same_size
from edgekd.distill.feeds import Batch
from edgekd.distill.methods.base import Setting, option
from edgekd.distill.methods.feature_method import Comparison, FeatureMethod, Shape


def hint_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """½ · mean squared difference of the student's guided layer, after its regressor, and the teacher's hint.

    student, teacher: features of one shape, (batch, channels, …). The paper sums over a layer; the mean makes the
    weight independent of the layer's size. Returns a scalar.
    """
    return 0.5 * ((student - teacher) ** 2).mean()


@dataclass(frozen=True, kw_only=True)
class FitNets(FeatureMethod):
    """The middle one of the common stages unless layers are named ("the middle layer", section 2.2), in one training.

    weight: 2, so that the mean squared difference stands beside the cross-entropy. The paper trains the lower half by
    hints alone first, which needs none; Tian et al. 2020 (arXiv:1910.10699) give 200 in long trainings of wide
    networks, with which small ones at a high learning rate diverge.
    """

    name = "fitnets"

    weight: float = option(2.0, 0.0, 1e9)

    def choose(self, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return pairs[len(pairs) // 2 :][:1]

    def comparison(self, student: Shape, teacher: Shape, setting: Setting, place: int) -> Comparison:
        return _Hint(student, teacher, setting.seed, place)


class _Hint(Comparison):
    def __init__(self, student: Shape, teacher: Shape, seed: int, place: int) -> None:
        super().__init__()
        wanted = teacher if len(student) == len(teacher) else teacher[:1]
        self.regressor = Projection(student, wanted, seed, place)
        self.hint = Projection(teacher, wanted[:1] if len(wanted) == 1 else wanted, seed, place)

    def forward(self, student: Tensor, teacher: Tensor, batch: Batch) -> Tensor:
        mine, hint = self.regressor(student), self.hint(teacher)
        return hint_loss(*same_size(mine, hint)) if hint.ndim > 2 else hint_loss(mine, hint)
