"""The methods that look at logits alone, beside their formulas in numpy."""

from __future__ import annotations

import numpy as np
import pytest
from distill_samples import LABELS, STUDENT, TEACHER, divergence, softmax, tensors
from needs import import_needed

torch = import_needed("torch")

from edgekd.distill.methods.dist import dist  # noqa: E402
from edgekd.distill.methods.dkd import decoupled_kd  # noqa: E402
from edgekd.distill.methods.logit_standardization import standardize, standardized_kd  # noqa: E402
from edgekd.distill.methods.mutual import mutual_loss  # noqa: E402
from edgekd.distill.methods.soft_targets import soft_targets, soften  # noqa: E402

pytestmark = pytest.mark.torch


def test_decoupling_weighs_the_true_class_apart_from_the_others() -> None:
    """Zhao et al., equations 5 to 7: b is (true class, all others together), p̂ the others among themselves."""
    temperature, alpha, beta = 4.0, 0.5, 8.0
    expected = 0.0
    for z_student, z_teacher, label in zip(STUDENT, TEACHER, LABELS, strict=True):
        q, p = softmax(z_student / temperature), softmax(z_teacher / temperature)
        b_student, b_teacher = ([v[label], 1 - v[label]] for v in (q, p))
        target = sum(t * np.log(t / s) for s, t in zip(b_student, b_teacher, strict=True))
        rest_student, rest_teacher = (np.delete(v, label) / (1 - v[label]) for v in (q, p))
        others = np.sum(rest_teacher * np.log(rest_teacher / rest_student))
        expected += (alpha * target + beta * others) / 3 * temperature**2

    student, teacher, labels = tensors(STUDENT, TEACHER, LABELS)
    loss = decoupled_kd(student, teacher, labels, temperature=temperature, alpha=alpha, beta=beta)

    assert float(loss) == pytest.approx(expected, rel=1e-10)


def test_weighed_by_what_the_teacher_leaves_to_the_others_decoupling_is_soft_targets() -> None:
    """Equation 6: KD = TCKD + (1 - p_t) NCKD, on a sample."""
    row, teacher, label = (value[1:2] for value in tensors(STUDENT, TEACHER, LABELS))
    left = 1.0 - float(soften(teacher, 2.0)[0, label])
    whole = soft_targets(row, soften(teacher, 2.0), temperature=2.0)
    parts = decoupled_kd(row, teacher, label, temperature=2.0, alpha=1.0, beta=left)
    assert float(parts) == pytest.approx(float(whole), rel=1e-10)


def test_decoupling_stays_finite_and_has_gradients_where_a_teacher_is_certain() -> None:
    student = torch.tensor([[300.0, 0.0, -5.0], [0.0, 0.0, 0.0]], requires_grad=True)
    teacher = torch.tensor([[0.0, 400.0, 0.0], [500.0, 0.0, 1.0]])
    loss = decoupled_kd(student, teacher, torch.tensor([0, 0]), temperature=1.0)
    loss.backward()
    assert bool(loss.isfinite()) and bool(student.grad.isfinite().all())


def test_dist_is_one_minus_pearsons_correlation_along_rows_and_columns() -> None:
    temperature, beta, gamma = 4.0, 2.0, 3.0
    q, p = softmax(STUDENT / temperature), softmax(TEACHER / temperature)
    rows = np.mean([1 - np.corrcoef(a, b)[0, 1] for a, b in zip(q, p, strict=True)])
    columns = np.mean([1 - np.corrcoef(a, b)[0, 1] for a, b in zip(q.T, p.T, strict=True)])
    student, teacher = tensors(STUDENT, p)
    loss = dist(student, teacher, temperature=temperature, beta=beta, gamma=gamma)
    assert float(loss) == pytest.approx(temperature**2 * (beta * rows + gamma * columns), rel=1e-6)


def test_dist_asks_for_relations_not_for_values() -> None:
    (teacher,) = tensors(softmax(TEACHER))
    assert float(dist(torch.from_numpy(TEACHER), teacher, temperature=1.0)) == pytest.approx(0.0, abs=1e-12)


def test_standardization_compares_z_scores() -> None:
    """Sun et al., algorithms 1 and 2."""
    temperature = 2.0

    def scores(z: np.ndarray) -> np.ndarray:
        return (z - z.mean(axis=1, keepdims=True)) / z.std(axis=1, keepdims=True)

    p, q = softmax(scores(TEACHER) / temperature), softmax(scores(STUDENT) / temperature)
    student, teacher = tensors(STUDENT, TEACHER)
    loss = standardized_kd(student, teacher, temperature=temperature)
    assert float(loss) == pytest.approx(temperature**2 * np.mean(divergence(p, q)), rel=1e-6)


def test_standardization_sees_neither_shift_nor_scale_of_logits() -> None:
    (teacher,) = tensors(TEACHER)
    assert float(standardized_kd(0.1 * teacher - 7.0, teacher)) == pytest.approx(0.0, abs=1e-9)


def test_a_row_of_equal_logits_has_a_finite_gradient() -> None:
    student = torch.zeros(2, 3, requires_grad=True)
    standardized_kd(student, torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])).backward()
    assert bool(student.grad.isfinite().all())
    assert torch.equal(standardize(torch.full((1, 4), 3.0)), torch.zeros(1, 4))


def test_each_peer_learns_of_labels_and_of_the_mean_of_the_others() -> None:
    """Zhang et al., section 2.3."""
    third = STUDENT[::-1].copy()
    own, others = softmax(STUDENT), [softmax(TEACHER), softmax(third)]
    hard = -np.mean(np.log(own[[0, 1, 2], LABELS]))
    expected = hard + np.mean([np.mean(divergence(other, own)) for other in others])
    a, b, c, labels = tensors(STUDENT, TEACHER, third, LABELS)
    assert float(mutual_loss([a, b, c], labels, 0)) == pytest.approx(expected, rel=1e-10)


def test_no_gradient_of_one_peers_loss_reaches_another() -> None:
    a, b, labels = tensors(STUDENT, TEACHER, LABELS)
    a.requires_grad_(True), b.requires_grad_(True)
    mutual_loss([a, b], labels, 0).backward()
    assert a.grad is not None and b.grad is None
