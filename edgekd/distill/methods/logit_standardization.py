"""Logit standardization (Sun et al., CVPR 2024, arXiv:2403.01427, algorithms 1 and 2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from edgekd.distill.feeds import Batch, Loss
from edgekd.distill.methods.base import Method, Setting, hard, hard_option, option, weighted
from edgekd.distill.methods.soft_targets import soft_targets, soften
from edgekd.distill.teachers.ensemble import Ensemble

_EPSILON = 1e-7


def standardize(logits: Tensor) -> Tensor:
    """Z-scores of each row, algorithm 1 at temperature 1: (z - mean) / standard deviation.

    The deviation is that of all K classes, as in the paper; its code divides by K - 1.
    logits: (batch, classes). A row of equal logits becomes zeros.
    """
    centred = logits - logits.mean(dim=-1, keepdim=True)
    # The root has no slope at 0, where a row of equal logits would give NaN: the epsilon is inside.
    return centred / torch.sqrt((centred**2).mean(dim=-1, keepdim=True) + _EPSILON**2)


def standardized_kd(student: Tensor, teacher: Tensor, *, temperature: float = 2.0) -> Tensor:
    """T² · KL(teacher ‖ student) of standardized logits, algorithm 2: the order of the classes counts, not the scale.

    student, teacher: logits, (batch, classes). Returns a scalar, averaged over the batch.
    """
    said = soften(standardize(teacher), temperature)
    return soft_targets(standardize(student), said, temperature=temperature)


@dataclass(frozen=True, kw_only=True)
class LogitStandardization(Method):
    """Defaults: the paper's for plain distillation (base temperature 2, weights 0.1 and 9; section 5)."""

    name = "logit-standardization"

    temperature: float = option(2.0, 0.1, 100.0)
    hard_weight: float = hard_option(0.1)
    soft_weight: float = option(9.0, 0.0, 1e6)

    def check(self, teachers: Ensemble) -> None:
        teachers.require_all_classes(self.name)

    def build(self, setting: Setting) -> Loss:
        def loss(logits: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
            teacher = setting.teachers.logits(batch.answers, 1.0)
            soft = standardized_kd(logits, teacher, temperature=self.temperature)
            return weighted(**hard(self.hard_weight, logits, batch), soft=(self.soft_weight, soft))

        return loss
