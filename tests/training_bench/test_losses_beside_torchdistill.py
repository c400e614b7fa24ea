"""edgekd's losses and torchdistill's on the same tensors.

Equal: soft targets, DIST, the parts of RKD, contrast. Equal but for a constant that the weight of the loss takes up:
hints and attention transfer, whose papers have a factor of ½ (FitNets, equation 3; attention transfer, equation 2,
where both take the mean of squares as its authors' code does). Different, and here ours is the paper's:

- logit standardization: theirs divides by the deviation of a sample (K - 1), the paper's algorithm 1 by that of all K
  classes. Theirs at temperature T is ours at T · sqrt(K / (K - 1)).
- similarity preserving: theirs divides the rows by their sums (L1), the paper's equations 1 and 2 by their
  lengths (L2).

torchdistill 1.1.5 has no DKD, mutual learning or born-again networks.
"""

from __future__ import annotations

from typing import Any

import pytest
from beside_torchdistill import torchdistill
from needs import import_needed

torch = import_needed("torch")

from torch.nn import functional  # noqa: E402

from edgekd.distill.methods.attention_transfer import attention_loss  # noqa: E402
from edgekd.distill.methods.crd import contrastive_loss  # noqa: E402
from edgekd.distill.methods.dist import dist  # noqa: E402
from edgekd.distill.methods.fitnets import hint_loss  # noqa: E402
from edgekd.distill.methods.logit_standardization import standardized_kd  # noqa: E402
from edgekd.distill.methods.rkd import angle_loss, distance_loss  # noqa: E402
from edgekd.distill.methods.similarity_preserving import similarity_loss  # noqa: E402
from edgekd.distill.methods.soft_targets import soft_targets, soften  # noqa: E402

pytestmark = pytest.mark.torch

CLASSES, BATCH = 10, 16
LOGITS = {"module_path": "logits", "module_io": "output"}
BOTH_LOGITS = {f"{whose}_{key}": value for whose in ("student", "teacher") for key, value in LOGITS.items()}


@pytest.fixture(params=range(5))
def random(request: pytest.FixtureRequest) -> Any:
    generator = torch.Generator().manual_seed(request.param)
    return lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)


def loss(name: str, **options: Any) -> Any:
    return getattr(torchdistill("losses.mid_level"), name)(**options)


def said(layer: str, value: Any) -> dict[str, dict[str, Any]]:
    """What torchdistill's hooks hand a loss."""
    return {layer: {"output": value}}


def of_logits(criterion: Any, student: Any, teacher: Any, *target: Any) -> float:
    return float(criterion(said("logits", student), said("logits", teacher), *target))


def of_features(criterion: Any, student: Any, teacher: Any) -> float:
    return float(criterion(said("layer", student), said("layer", teacher)))


@pytest.mark.parametrize(("temperature", "hard_weight"), [(1.0, 0.5), (4.0, 0.1), (10.0, 0.9)])
def test_soft_targets_beside_labels(random: Any, temperature: float, hard_weight: float) -> None:
    student, teacher, target = 3 * random(BATCH, CLASSES), 3 * random(BATCH, CLASSES), torch.arange(BATCH) % CLASSES
    soft = soft_targets(student, soften(teacher, temperature), temperature=temperature)
    ours = hard_weight * functional.cross_entropy(student, target) + (1 - hard_weight) * soft
    theirs = loss("KDLoss", temperature=temperature, alpha=hard_weight, **BOTH_LOGITS)
    assert of_logits(theirs, student, teacher, target) == pytest.approx(float(ours), rel=1e-12)


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_dist(random: Any, temperature: float) -> None:
    student, teacher = 3 * random(BATCH, CLASSES), 3 * random(BATCH, CLASSES)
    ours = dist(student, soften(teacher, temperature), temperature=temperature, beta=2.0, gamma=0.5)
    theirs = loss("DISTLoss", tau=temperature, beta=2.0, gamma=0.5, **BOTH_LOGITS)
    assert of_logits(theirs, student, teacher) == pytest.approx(float(ours), rel=1e-12)


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_logit_standardization_at_the_temperature_of_the_other_deviation(random: Any, classes: int) -> None:
    student, teacher = 3 * random(BATCH, classes), 3 * random(BATCH, classes)
    same = 2.0 * (classes / (classes - 1)) ** 0.5
    # Without a weight of the labels theirs leaves out the square of the temperature, too.
    theirs = of_logits(loss("LogitStdKDLoss", temperature=2.0, alpha=0.0, **BOTH_LOGITS), student, teacher)
    assert theirs == pytest.approx(float(standardized_kd(student, teacher, temperature=same)) / same**2, rel=1e-6)
    assert theirs != pytest.approx(float(standardized_kd(student, teacher, temperature=2.0)) / 4, rel=1e-3)


def test_hints_are_half_of_theirs(random: Any) -> None:
    student, teacher = random(BATCH, 6, 4, 4), random(BATCH, 6, 4, 4)
    where = {"module_path": "layer", "io": "output"}
    sides = {"input": {"is_from_teacher": False, **where}, "target": {"is_from_teacher": True, **where}}
    theirs = loss("SimpleLossWrapper", low_level_loss=torch.nn.MSELoss(), **sides)
    ours = float(hint_loss(student, teacher))
    assert float(theirs(said("layer", student), said("layer", teacher), None)) == pytest.approx(2 * ours, rel=1e-12)


def test_attention_transfer_is_half_of_theirs(random: Any) -> None:
    student, teacher = random(BATCH, 3, 5, 5), random(BATCH, 8, 5, 5)
    where = {"path": "layer", "io": "output"}
    theirs = loss("ATLoss", at_pairs={"pair": {"student": where, "teacher": where}}, mode="code")
    ours = float(attention_loss(student, teacher))
    assert of_features(theirs, student, teacher) == pytest.approx(2 * ours, rel=1e-12)


def test_similarity_preserving_with_rows_of_length_1(random: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    student, teacher = random(BATCH, 3, 4, 4), random(BATCH, 8, 2, 2)
    theirs = loss("SPKDLoss", student_output_path="layer", teacher_output_path="layer", reduction="batchmean")
    ours = float(similarity_loss(student, teacher))
    assert of_features(theirs, student, teacher) != pytest.approx(ours, rel=0.1)
    normalized = lambda matrix, power: functional.normalize(matrix, 2.0 * power, dim=1)  # noqa: E731
    monkeypatch.setattr(torchdistill("losses.mid_level"), "normalize", normalized)
    assert of_features(theirs, student, teacher) == pytest.approx(ours, rel=1e-12)


@pytest.mark.parametrize(("distance", "angle"), [(1.0, 0.0), (0.0, 1.0), (25.0, 50.0)])
def test_relations(random: Any, distance: float, angle: float) -> None:
    student, teacher = random(BATCH, 5), random(BATCH, 12)
    paths = {"student_output_path": "layer", "teacher_output_path": "layer"}
    theirs = loss("RKDLoss", dist_factor=distance, angle_factor=angle, reduction="mean", **paths)
    ours = distance * distance_loss(student, teacher) + angle * angle_loss(student, teacher)
    assert of_features(theirs, student, teacher) == pytest.approx(float(ours), rel=1e-9)


def test_contrast(random: Any) -> None:
    """The loss of the critic's answers: theirs has the own pair and the others in one tensor, (batch, 1 + N, 1)."""
    samples, negatives, paths = 50, 12, ("student_norm_module_path", "student_empty_module_path")
    options = {"input_size": 8, "output_size": samples, "num_samples": samples, "num_negative_samples": negatives}
    theirs = loss("CRDLoss", teacher_norm_module_path="t", **dict.fromkeys(paths, "s"), **options)
    answers = random(BATCH, 1 + negatives).exp() / samples
    every = torch.ones(BATCH, negatives, dtype=torch.bool)
    ours = contrastive_loss(answers[:, 0], answers[:, 1:], every, samples)
    assert float(theirs.compute_contrast_loss(answers[..., None])) == pytest.approx(float(ours), rel=1e-6)
