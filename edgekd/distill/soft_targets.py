"""Soft targets (Hinton, Vinyals & Dean 2015, arXiv:1503.02531, equation 1 and section 2)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def soften(logits: Tensor, temperature: float) -> Tensor:
    """Class probabilities at a temperature, equation 1: q_i = exp(z_i / T) / sum_j exp(z_j / T).

    logits: (batch, classes). Returns the same shape, rows that add up to 1.
    """
    return torch.softmax(logits / temperature, dim=1)


def soft_targets(
    student: Tensor, teacher: Tensor, target: Tensor, *, temperature: float = 4.0, hard_weight: float = 0.1
) -> tuple[Tensor, dict[str, Tensor]]:
    """The student's loss: hard_weight · CE(labels) + (1 - hard_weight) · T² · KL(teacher ‖ student at T).

    student: logits, (batch, classes). teacher: probabilities at the same temperature, (batch, classes), of `soften`
    or an ensemble. target: class indices, (batch,). hard_weight: 0 to 1.

    The gradients of the soft part shrink with 1/T², so it is multiplied by T² (section 2, last paragraph). The
    divergence stands for the paper's cross-entropy with soft targets: it differs by the teacher's entropy, which has
    no gradient, and is 0 when the student agrees.

    Returns (loss, parts): the scalar to minimise, averaged over the batch, and its parts "hard" and "soft" before
    weighting with hard_weight ("soft" includes T²), detached. Raises ValueError when the shapes differ.
    """
    if student.shape != teacher.shape:
        raise ValueError(
            f"student logits {tuple(student.shape)} and teacher probabilities {tuple(teacher.shape)} differ"
        )
    hard = functional.cross_entropy(student, target)
    log_student = torch.log_softmax(student / temperature, dim=1)
    soft = functional.kl_div(log_student, teacher, reduction="batchmean") * temperature**2
    loss = hard_weight * hard + (1.0 - hard_weight) * soft
    return loss, {"hard": hard.detach(), "soft": soft.detach()}
