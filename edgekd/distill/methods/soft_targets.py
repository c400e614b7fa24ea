"""Soft targets (Hinton, Vinyals & Dean 2015, arXiv:1503.02531, equation 1 and section 2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from edgekd.distill.feeds import Batch, Loss
from edgekd.distill.methods.base import Method, Setting, hard, option, weighted
from edgekd.errors import InputError


def soften(logits: Tensor, temperature: float) -> Tensor:
    """Class probabilities at a temperature, equation 1: q_i = exp(z_i / T) / sum_j exp(z_j / T).

    logits: (…, classes). Returns the same shape, rows that add up to 1.
    """
    return torch.softmax(logits / temperature, dim=-1)


def soft_targets(student: Tensor, teacher: Tensor, *, temperature: float = 4.0) -> Tensor:
    """T² · KL(teacher ‖ student at T).

    student: logits, (batch, classes). teacher: probabilities at the same temperature, (batch, classes), of `soften`
    or an ensemble.

    The gradients of soft targets shrink with 1/T², so they are multiplied by T² (section 2, last paragraph). The
    divergence stands for the paper's cross-entropy with soft targets: it differs by the teacher's entropy, which has
    no gradient, and is 0 when the student agrees.

    Returns a scalar, averaged over the batch. Raises ValueError when the shapes differ.
    """
    if student.shape != teacher.shape:
        raise ValueError(
            f"student logits {tuple(student.shape)} and teacher probabilities {tuple(teacher.shape)} differ"
        )
    log_student = torch.log_softmax(student / temperature, dim=1)
    return functional.kl_div(log_student, teacher, reduction="batchmean") * temperature**2


@dataclass(frozen=True, kw_only=True)
class SoftTargets(Method):
    """hard_weight · CE(labels) + soft_weight · T² · KL(teachers ‖ student at T).

    temperature: the paper tries 1 to 20; small students do best with 2.5 to 4 (section 3). hard_weight: "considerably
    lower" than the other (section 2). soft_weight: 1 - hard_weight unless given.
    """

    name = "soft-targets"

    temperature: float = option(4.0, 1.0, 100.0, "1 to 100; 2 to 6 are usual")
    hard_weight: float = option(0.1, 0.0, 1e6, "0 (teachers alone) to 1 (labels alone)")
    soft_weight: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.soft_weight is None and self.hard_weight > 1.0:
            raise InputError(
                f"{self.name}: hard_weight is {self.hard_weight!r}", "0 (teachers alone) to 1 (labels alone)"
            )
        given = self.soft_weight is None or isinstance(self.soft_weight, (int, float))
        if not given or not 0.0 <= (self.soft_weight or 0.0) <= 1e6:
            raise InputError(f"{self.name}: soft_weight is {self.soft_weight!r}", "0 or more")

    def build(self, setting: Setting) -> Loss:
        soft_weight = 1.0 - self.hard_weight if self.soft_weight is None else self.soft_weight

        def loss(logits: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
            teacher = setting.teachers.probabilities(batch.answers, self.temperature)
            soft = soft_targets(logits, teacher, temperature=self.temperature)
            return weighted(**hard(self.hard_weight, logits, batch), soft=(soft_weight, soft))

        return loss
