"""Soft targets beside their formula in numpy."""

from __future__ import annotations

import numpy as np
import pytest
from distill_samples import STUDENT, TEACHER, divergence, softmax, tensors
from needs import import_needed

torch = import_needed("torch")

from edgekd.distill.methods.soft_targets import soft_targets, soften  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_the_loss_is_hintons(temperature: float) -> None:
    p, q = softmax(TEACHER / temperature), softmax(STUDENT / temperature)
    student, teacher = tensors(STUDENT, p)
    loss = soft_targets(student, teacher, temperature=temperature)
    assert float(loss) == pytest.approx(temperature**2 * np.mean(divergence(p, q)), rel=1e-12)


@pytest.mark.parametrize("temperature", [1.0, 2.0, 20.0])
def test_its_gradient_is_equation_two_times_t_squared(temperature: float) -> None:
    """Hinton et al., equation 2: dC/dz_i = (q_i - p_i) / T, for one sample."""
    p, q = softmax(TEACHER / temperature), softmax(STUDENT / temperature)
    student, teacher = tensors(STUDENT, p)
    student.requires_grad_(True)

    soft_targets(student, teacher, temperature=temperature).backward()

    np.testing.assert_allclose(student.grad.numpy(), temperature**2 * (q - p) / temperature / 3, rtol=1e-9, atol=1e-15)


def test_a_student_that_agrees_has_no_loss_even_with_a_teacher_that_is_certain() -> None:
    logits = torch.tensor([[200.0, 0.0], [0.0, 200.0]])
    assert float(soft_targets(logits, soften(logits, 1.0), temperature=1.0)) == 0.0


def test_different_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="differ"):
        soft_targets(torch.zeros(3, 4), torch.zeros(3, 5))
