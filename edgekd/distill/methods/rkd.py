"""Relational knowledge distillation (Park et al., CVPR 2019, arXiv:1904.05068, equations 4 to 9)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from edgekd.distill.connectors import pooled
from edgekd.distill.feeds import Batch
from edgekd.distill.methods.base import Setting, option
from edgekd.distill.methods.feature_method import Comparison, FeatureMethod, Shape

_EPSILON = 1e-12


def distances(embedded: Tensor) -> Tensor:
    """Distances between all samples over their mean, without the diagonal of zeros; (batch, batch).

    embedded: (batch, features).
    """
    squared = ((embedded[:, None] - embedded[None, :]) ** 2).sum(dim=2)
    # The root has no slope at 0: samples that coincide keep a distance of 0 and no gradient.
    distance = torch.where(squared > 0, squared.clamp_min(_EPSILON).sqrt(), 0.0)
    return distance / distance[distance > 0].mean() if bool((distance > 0).any()) else distance


def angles(embedded: Tensor) -> Tensor:
    """Cosine of the angle at sample j between samples i and k, for all triples: (batch j, batch i, batch k)."""
    directions = functional.normalize(embedded[None, :] - embedded[:, None], dim=2)
    return directions @ directions.transpose(1, 2)


def distance_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """RKD-D: Huber loss of the relative distances. student, teacher: (batch, features), features may differ."""
    return functional.smooth_l1_loss(distances(student), distances(teacher))


def angle_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """RKD-A: Huber loss of the angles. student, teacher: (batch, features), features may differ."""
    return functional.smooth_l1_loss(angles(student), angles(teacher))


@dataclass(frozen=True, kw_only=True)
class RKD(FeatureMethod):
    """The last common stage, as vectors. distance, angle: factors as in the comparison of Tian et al. 2020
    (arXiv:1910.10699), 25 and 50; the paper's own ratio, 1 to 2."""

    name = "rkd"

    distance: float = option(25.0, 0.0, 1e9)
    angle: float = option(50.0, 0.0, 1e9)

    def choose(self, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return pairs[-1:]

    def comparison(self, student: Shape, teacher: Shape, setting: Setting, place: int) -> Comparison:
        return _Relations(self.distance, self.angle)


class _Relations(Comparison):
    def __init__(self, distance: float, angle: float) -> None:
        super().__init__()
        self._distance, self._angle = distance, angle

    def forward(self, student: Tensor, teacher: Tensor, batch: Batch) -> Tensor:
        student, teacher = pooled(student), pooled(teacher)
        return self._distance * distance_loss(student, teacher) + self._angle * angle_loss(student, teacher)
