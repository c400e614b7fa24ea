"""DIST: relations in place of values (Huang et al., NeurIPS 2022, arXiv:2205.10536, section 3)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from edgekd.distill.feeds import Batch, Loss
from edgekd.distill.methods.base import Method, Setting, hard, hard_option, option, weighted
from edgekd.distill.methods.soft_targets import soften
from edgekd.distill.teachers.ensemble import Ensemble

_EPSILON = 1e-8


def pearson_distance(a: Tensor, b: Tensor) -> Tensor:
    """1 - Pearson's correlation of each row of `a` with that of `b`, averaged over the rows."""
    a, b = a - a.mean(dim=1, keepdim=True), b - b.mean(dim=1, keepdim=True)
    return 1.0 - torch.nn.functional.cosine_similarity(a, b, dim=1, eps=_EPSILON).mean()


def dist(
    student: Tensor, teacher: Tensor, *, temperature: float = 4.0, beta: float = 2.0, gamma: float = 2.0
) -> Tensor:
    """T² · (beta · between classes, a sample at a time + gamma · within a class, over the batch).

    student: logits, (batch, classes). teacher: probabilities at the same temperature, (batch, classes).
    Returns a scalar. Raises ValueError when the shapes differ.
    """
    if student.shape != teacher.shape:
        raise ValueError(
            f"student logits {tuple(student.shape)} and teacher probabilities {tuple(teacher.shape)} differ"
        )
    said = soften(student, temperature)
    between, within = pearson_distance(said, teacher), pearson_distance(said.T, teacher.T)
    return (beta * between + gamma * within) * temperature**2


@dataclass(frozen=True, kw_only=True)
class DIST(Method):
    """Defaults: the paper's (alpha 1 for the labels, beta = gamma = 2; temperature 4 on CIFAR-100, 1 on ImageNet)."""

    name = "dist"

    temperature: float = option(4.0, 0.1, 100.0)
    beta: float = option(2.0, 0.0, 1e6)
    gamma: float = option(2.0, 0.0, 1e6)
    hard_weight: float = hard_option(1.0)

    def check(self, teachers: Ensemble) -> None:
        teachers.require_all_classes(self.name)

    def build(self, setting: Setting) -> Loss:
        def loss(logits: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
            teacher = setting.teachers.probabilities(batch.answers, self.temperature)
            soft = dist(logits, teacher, temperature=self.temperature, beta=self.beta, gamma=self.gamma)
            return weighted(**hard(self.hard_weight, logits, batch), soft=(1.0, soft))

        return loss
