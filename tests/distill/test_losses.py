"""Soft targets, ensembles and the learning rate, beside their formulas in numpy."""

from __future__ import annotations

import numpy as np
import pytest
from needs import import_needed

torch = import_needed("torch")

from edgekd.distill.ensemble import average, ensemble  # noqa: E402
from edgekd.distill.schedule import one_cycle  # noqa: E402
from edgekd.distill.soft_targets import soft_targets, soften  # noqa: E402

pytestmark = pytest.mark.torch

# Sure and right, unsure, sure and wrong.
STUDENT = np.array([[5.0, 0.0, -1.0], [0.2, 0.1, 0.0], [-3.0, 4.0, 0.5]])
TEACHER = np.array([[6.0, 1.0, 0.0], [0.0, 2.0, 1.0], [3.0, -1.0, 0.0]])
LABELS = np.array([0, 1, 0])
TEMPERATURE, HARD_WEIGHT = 4.0, 0.3


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)


def as_tensors(*arrays: np.ndarray) -> list[torch.Tensor]:
    return [torch.from_numpy(array) for array in arrays]


def test_the_loss_is_hintons() -> None:
    p, q = softmax(TEACHER / TEMPERATURE), softmax(STUDENT / TEMPERATURE)
    soft = TEMPERATURE**2 * np.mean(np.sum(p * (np.log(p) - np.log(q)), axis=1))
    hard = -np.mean(np.log(softmax(STUDENT)[[0, 1, 2], LABELS]))

    student, teacher, labels = as_tensors(STUDENT, p, LABELS)
    loss, parts = soft_targets(student, teacher, labels, temperature=TEMPERATURE, hard_weight=HARD_WEIGHT)

    assert float(loss) == pytest.approx(HARD_WEIGHT * hard + (1 - HARD_WEIGHT) * soft, rel=1e-12)
    assert float(parts["soft"]) == pytest.approx(soft, rel=1e-12)
    assert float(parts["hard"]) == pytest.approx(hard, rel=1e-12)


@pytest.mark.parametrize("temperature", [1.0, 2.0, 20.0])
def test_its_gradient_is_equation_two_times_t_squared(temperature: float) -> None:
    """Hinton et al., equation 2: dC/dz_i = (q_i - p_i) / T, for one sample."""
    p, q = softmax(TEACHER / temperature), softmax(STUDENT / temperature)
    student, teacher, labels = as_tensors(STUDENT, p, LABELS)
    student.requires_grad_(True)

    soft_targets(student, teacher, labels, temperature=temperature, hard_weight=0.0)[0].backward()

    np.testing.assert_allclose(student.grad.numpy(), temperature**2 * (q - p) / temperature / 3, rtol=1e-9, atol=1e-15)


def test_a_student_that_agrees_has_no_soft_loss_even_with_a_teacher_that_is_certain() -> None:
    logits = torch.tensor([[200.0, 0.0], [0.0, 200.0]])
    loss, _ = soft_targets(logits, soften(logits, 1.0), torch.tensor([0, 1]), temperature=1.0, hard_weight=0.0)
    assert float(loss) == 0.0


def test_different_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="differ"):
        soft_targets(torch.zeros(3, 4), torch.zeros(3, 5), torch.zeros(3, dtype=torch.long))


def test_an_ensemble_is_the_mean_of_probabilities_not_of_logits() -> None:
    a, b = as_tensors(TEACHER, STUDENT)
    expected = (softmax(TEACHER / TEMPERATURE) + softmax(STUDENT / TEMPERATURE)) / 2
    np.testing.assert_allclose(average([a, b], TEMPERATURE).numpy(), expected, rtol=1e-12)
    of_logits = softmax((TEACHER + STUDENT) / 2 / TEMPERATURE)
    assert np.abs(average([a, b], TEMPERATURE).numpy() - of_logits).max() > 0.01


def test_an_ensemble_is_asked_in_evaluation_mode_and_left_as_it_was() -> None:
    frozen = torch.nn.Sequential(torch.nn.BatchNorm1d(3), torch.nn.Dropout(0.9))
    frozen[0].eval()
    before = {key: value.clone() for key, value in frozen.state_dict().items()}

    asked = ensemble([frozen], torch.ones(4, 3, requires_grad=True), 2.0)

    np.testing.assert_allclose(asked.numpy(), np.full((4, 3), 1 / 3), rtol=1e-6)
    assert not asked.requires_grad
    assert [module.training for module in frozen.modules()] == [True, False, True]
    assert all(torch.equal(before[key], value) for key, value in frozen.state_dict().items())


def test_the_learning_rate_rises_to_its_peak_and_falls_to_almost_nothing() -> None:
    rates = [one_cycle(step, 100, 0.5) for step in range(100)]
    assert max(rates) == pytest.approx(0.5)
    assert rates.index(max(rates)) == 25
    assert sorted(rates[:25]) == rates[:25]
    assert sorted(rates[25:], reverse=True) == rates[25:]
    assert 0 < rates[-1] < 0.002
    # Half-way down the cosine is half of the peak (and half of the floor).
    assert one_cycle(625, 1000, 1.0) == pytest.approx(0.5005)
    assert one_cycle(0, 1, 1.0) > 0
