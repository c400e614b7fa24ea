"""Decoupled knowledge distillation (Zhao et al., CVPR 2022, arXiv:2203.08679, equation 7)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from edgekd.distill.feeds import Batch, Loss
from edgekd.distill.methods.base import Method, Setting, hard, hard_option, option, weighted
from edgekd.distill.teachers.ensemble import Ensemble


def decoupled_kd(
    student: Tensor,
    teacher: Tensor,
    target: Tensor,
    *,
    temperature: float = 4.0,
    alpha: float = 1.0,
    beta: float = 8.0,
) -> Tensor:
    """Weigh what the teacher says of the true class (alpha) apart from what it says of the others (beta).

    student, teacher: logits, (batch, classes). target: class indices, (batch,).
    Returns a scalar, averaged over the batch and scaled by temperature² (Hinton 2015, section 2).
    Raises ValueError when the shapes differ: decoupling needs the same classes on both sides.
    """
    if student.shape != teacher.shape:
        raise ValueError(f"student logits {tuple(student.shape)} and teacher logits {tuple(teacher.shape)} differ")
    is_target = functional.one_hot(target, student.shape[1]).bool()
    log_student, log_teacher = (torch.log_softmax(z / temperature, dim=1) for z in (student, teacher))
    target_part = functional.kl_div(
        _binary(log_student, is_target), _binary(log_teacher, is_target), reduction="batchmean", log_target=True
    )
    others = ~is_target
    rest = (len(student), student.shape[1] - 1)
    rest_student, rest_teacher = (
        torch.log_softmax((z / temperature)[others].reshape(rest), dim=1) for z in (student, teacher)
    )
    other_part = functional.kl_div(rest_student, rest_teacher, reduction="batchmean", log_target=True)
    return (alpha * target_part + beta * other_part) * temperature**2


def _binary(log_p: Tensor, is_target: Tensor) -> Tensor:
    """Log probabilities of the true class and of all others together, (batch, 2)."""
    others = log_p.masked_fill(is_target, -torch.inf).logsumexp(dim=1)
    return torch.stack([log_p[is_target], others], dim=1)


@dataclass(frozen=True, kw_only=True)
class DKD(Method):
    """Defaults: the paper's on CIFAR-100. warmup: share of the training in which the weight of the distillation rises
    in a line from 0 (the paper: 20 of 240 epochs)."""

    name = "dkd"

    temperature: float = option(4.0, 0.1, 100.0)
    alpha: float = option(1.0, 0.0, 1e6)
    beta: float = option(8.0, 0.0, 1e6)
    hard_weight: float = hard_option(1.0)
    warmup: float = option(20 / 240, 0.0, 1.0)

    @property
    def needs_labels(self) -> bool:
        return True  # decoupling is about the true class

    def check(self, teachers: Ensemble) -> None:
        teachers.require_all_classes(self.name)

    def build(self, setting: Setting) -> Loss:
        rising = self.warmup * setting.epochs

        def loss(logits: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
            teacher = setting.teachers.logits(batch.answers, self.temperature)
            soft = decoupled_kd(
                logits, teacher, batch.y, temperature=self.temperature, alpha=self.alpha, beta=self.beta
            )
            risen = min(1.0, (batch.epoch + 1) / rising) if rising > 0 else 1.0
            return weighted(**hard(self.hard_weight, logits, batch), soft=(risen, soft))

        return loss
