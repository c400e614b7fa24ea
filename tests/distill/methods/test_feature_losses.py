"""The losses of features beside their formulas in numpy, on three samples."""

from __future__ import annotations

import numpy as np
import pytest
from distill_samples import tensors
from needs import import_needed

torch = import_needed("torch")

from edgekd.distill.methods.attention_transfer import attention_loss  # noqa: E402
from edgekd.distill.methods.crd import contrastive_loss  # noqa: E402
from edgekd.distill.methods.fitnets import hint_loss  # noqa: E402
from edgekd.distill.methods.rkd import angle_loss, distance_loss  # noqa: E402
from edgekd.distill.methods.similarity_preserving import similarity_loss  # noqa: E402

pytestmark = pytest.mark.torch

RNG = np.random.default_rng(3)
STUDENT_MAPS, TEACHER_MAPS = RNG.normal(size=(3, 2, 2, 2)), RNG.normal(size=(3, 5, 2, 2))
# A right triangle with sides 3, 4, 5, and one with equal sides.
STUDENT_POINTS = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
TEACHER_POINTS = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.5, np.sqrt(0.75), 1.0]])


def huber(difference: np.ndarray) -> np.ndarray:
    size = np.abs(difference)
    return np.where(size < 1, 0.5 * size**2, size - 0.5)


def test_a_hint_is_half_the_mean_squared_difference() -> None:
    a, b = tensors(np.array([[1.0, 2.0], [0.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 3.0]]))
    assert float(hint_loss(a, b)) == pytest.approx(0.5 * (4 + 4) / 6)


def test_attention_is_the_normalised_sum_of_squares_over_channels() -> None:
    def attention(maps: np.ndarray) -> np.ndarray:
        summed = (maps**2).sum(axis=1).reshape(3, 4)
        return summed / np.sqrt((summed**2).sum(axis=1, keepdims=True))

    expected = 0.5 * ((attention(STUDENT_MAPS) - attention(TEACHER_MAPS)) ** 2).mean()
    assert float(attention_loss(*tensors(STUDENT_MAPS, TEACHER_MAPS))) == pytest.approx(expected, rel=1e-10)


def test_similarity_is_between_the_samples_of_a_batch() -> None:
    def similarity(maps: np.ndarray) -> np.ndarray:
        flat = maps.reshape(3, -1)
        products = flat @ flat.T
        return products / np.sqrt((products**2).sum(axis=1, keepdims=True))

    difference = similarity(STUDENT_MAPS) - similarity(TEACHER_MAPS)
    expected = np.linalg.norm(difference, "fro") ** 2 / 3**2
    assert float(similarity_loss(*tensors(STUDENT_MAPS, TEACHER_MAPS))) == pytest.approx(expected, rel=1e-10)


def test_relational_distances_are_relative_to_their_mean() -> None:
    """Sides 3, 4 and 5 over their mean 4, beside sides that are all the mean; each twice, and three zeros."""
    expected = 2 * huber(np.array([3, 4, 5]) / 4 - 1).sum() / 9
    assert float(distance_loss(*tensors(STUDENT_POINTS, TEACHER_POINTS))) == pytest.approx(expected, rel=1e-9)


def test_relational_angles_are_those_of_all_triples() -> None:
    """Cosines at the corners are 0, 3/5 and 4/5, beside 1/2 at all; each twice. A pair i = k has cosine 1 in both."""
    expected = 2 * huber(np.array([0.0, 0.6, 0.8]) - 0.5).sum() / 27
    assert float(angle_loss(*tensors(STUDENT_POINTS, TEACHER_POINTS))) == pytest.approx(expected, rel=1e-9)


def test_samples_that_coincide_have_a_finite_gradient() -> None:
    points = torch.zeros(3, 2, requires_grad=True)
    teacher = torch.from_numpy(TEACHER_POINTS).float()
    (distance_loss(points, teacher) + angle_loss(points, teacher)).backward()
    assert bool(points.grad.isfinite().all())


def test_contrast_counts_the_own_pair_against_those_of_other_classes() -> None:
    """Tian et al., section 3.2: h = e / (e + N / M)."""
    positive = np.array([0.5, 0.1, 0.02])
    negative = np.array([[0.01, 0.2], [0.03, 0.04], [0.3, 0.05]])
    counts = np.array([[True, True], [True, False], [True, True]])
    samples, expected = 40, 0.0
    for own, others, counted in zip(positive, negative, counts, strict=True):
        chance = counted.sum() / samples
        expected -= np.log(own / (own + chance)) / 3
        expected -= sum(np.log(1 - e / (e + chance)) for e in others[counted]) / 3
    loss = contrastive_loss(*tensors(positive, negative, counts), samples)
    assert float(loss) == pytest.approx(expected, rel=1e-4)
