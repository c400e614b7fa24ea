"""Teachers together: by weight, knowing different classes, seeing samples their own way, left as they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from distill_samples import STUDENT, TEACHER, convnet, images, softmax
from needs import import_needed

torch = import_needed("torch")

from torch import nn  # noqa: E402

import edgekd  # noqa: E402
from edgekd.distill.teachers import Teacher, ensemble_of  # noqa: E402
from edgekd.errors import InputError  # noqa: E402

pytestmark = pytest.mark.torch

X = torch.from_numpy(images(12, seed=4)[0])
TRAIN, VAL = images(48, seed=0), images(24, seed=1)


class Says(nn.Module):
    """Always the same logits, in turn: what the teacher of a worked example says."""

    def __init__(self, logits: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("logits", torch.from_numpy(logits).float())

    def forward(self, x: Any) -> Any:
        return self.logits[torch.arange(len(x)) % len(self.logits)]


def together(*teachers: Any, classes: int = 3, x: Any = X[:3]) -> Any:
    return ensemble_of([t if isinstance(t, Teacher) else Teacher(t) for t in teachers], None, x, classes)


def test_an_ensemble_is_the_mean_of_probabilities_not_of_logits() -> None:
    ensemble = together(Says(TEACHER), Says(STUDENT))
    answers = ensemble.ask(X[:3])
    expected = (softmax(TEACHER / 4) + softmax(STUDENT / 4)) / 2
    np.testing.assert_allclose(ensemble.probabilities(answers, 4.0).numpy(), expected, rtol=1e-6)
    assert np.abs(softmax((TEACHER + STUDENT) / 2 / 4) - expected).max() > 0.01


def test_weights_are_shares() -> None:
    ensemble = together(Teacher(Says(TEACHER), weight=3.0), Says(STUDENT))
    said = ensemble.probabilities(ensemble.ask(X[:3]), 2.0).numpy()
    np.testing.assert_allclose(said, 0.75 * softmax(TEACHER / 2) + 0.25 * softmax(STUDENT / 2), rtol=1e-6)


@pytest.mark.parametrize("temperature", [1.0, 5.0])
def test_the_logits_of_an_ensemble_give_its_probabilities(temperature: float) -> None:
    ensemble = together(Says(TEACHER), Says(STUDENT))
    answers = ensemble.ask(X[:3])
    logits = ensemble.logits(answers, temperature)
    torch.testing.assert_close(torch.softmax(logits / temperature, dim=1), ensemble.probabilities(answers, temperature))
    one = together(Says(TEACHER))
    np.testing.assert_array_equal(one.logits(one.ask(X[:3]), temperature).numpy(), TEACHER.astype(np.float32))


def test_a_class_is_the_mean_over_the_teachers_who_know_it() -> None:
    knows_two = np.array([[1.5, -0.5]])  # of the student's classes 2 and 0
    ensemble = together(Says(TEACHER[:1]), Teacher(Says(knows_two), classes=[2, 0]))
    whole, part = softmax(TEACHER[0]), softmax(knows_two[0])
    expected = np.array([(whole[0] + part[1]) / 2, whole[1], (whole[2] + part[0]) / 2])
    said = ensemble.probabilities(ensemble.ask(X[:1]), 1.0).numpy()
    np.testing.assert_allclose(said[0], expected / expected.sum(), rtol=1e-6)


def test_a_class_that_no_teacher_knows_gets_nothing_and_soft_targets_can_do_without() -> None:
    teacher = Teacher(Says(TEACHER[:1, :2]), classes=[0, 2])
    ensemble = together(teacher)
    assert ensemble.probabilities(ensemble.ask(X[:1]), 3.0)[0, 1] == 0.0
    result = edgekd.distill(teacher, convnet(3), TRAIN, VAL, epochs=1, batch_size=16, control=False)
    assert np.isfinite(result.history[0]["train_loss"])
    with pytest.raises(InputError, match="dkd: no teacher knows the classes 1"):
        edgekd.distill(teacher, convnet(3), TRAIN, VAL, epochs=1, method="dkd")


def test_a_teacher_sees_samples_at_its_own_size_and_scale() -> None:
    seen = []

    class Watched(nn.Module):
        def forward(self, x: Any) -> Any:
            seen.append(x)
            return x.mean(dim=(2, 3)).repeat(1, 3) * torch.tensor([1.0, 2.0, -3.0])

    teacher = Teacher(Watched(), input_size=(16, 12), mean=0.5, std=0.25)
    together(teacher, x=X)
    assert seen[0].shape == (12, 1, 16, 12)
    flat = torch.full((2, 1, 8, 8), 0.75)
    together(teacher, x=flat)
    torch.testing.assert_close(seen[1], torch.ones(2, 1, 16, 12))
    with pytest.raises(InputError, match="2 numbers of mean or std for 1 channels"):
        together(Teacher(Watched(), mean=[0.0, 1.0]))


def test_outputs_that_are_probabilities_are_found_out() -> None:
    net = convnet(4)
    with_softmax = nn.Sequential(net, nn.Softmax(dim=1))
    plain, known = together(net), together(with_softmax)
    for temperature in (1.0, 4.0):
        torch.testing.assert_close(
            known.probabilities(known.ask(X), temperature), plain.probabilities(plain.ask(X), temperature)
        )
    with pytest.raises(InputError, match="do not look like probabilities"):
        together(Teacher(net, outputs="probabilities"))
    as_given = together(Teacher(with_softmax, outputs="logits"))
    assert (as_given.ask(X) >= 0).all()


def test_a_teacher_that_is_asked_in_bfloat16_says_about_the_same_and_is_told_apart() -> None:
    net = convnet(4)
    whole, half = together(net), together(Teacher(net, precision="bfloat16"))
    said = half.ask(X)
    assert said.dtype == torch.float32 and not torch.equal(said, whole.ask(X))
    torch.testing.assert_close(said, whole.ask(X), rtol=0.05, atol=0.05)
    assert half.member_digests() != whole.member_digests()
    with pytest.raises(InputError, match="precision is for modules"):
        Teacher("net.onnx", precision="bfloat16")


def test_teachers_are_asked_in_evaluation_mode_and_left_as_they_were() -> None:
    frozen = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(64), nn.Dropout(0.9), nn.Linear(64, 3))
    frozen[1].eval()
    before = {key: value.clone() for key, value in frozen.state_dict().items()}

    asked = together(frozen).ask(X.clone().requires_grad_(True))

    assert not asked.requires_grad
    assert torch.equal(asked, together(frozen).ask(X))
    assert [module.training for module in frozen.modules()] == [True, True, False, True, True]
    assert all(torch.equal(before[key], value) for key, value in frozen.state_dict().items())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: together(convnet(3, classes=4)), "has 4 classes, the student 3"),
        (lambda: together(Teacher(convnet(3), weight=0.0)), "weight is 0.0"),
        (lambda: together(Teacher(convnet(3), std=0.0)), "std is 0.0"),
        (lambda: together(Teacher(convnet(3), classes=[0, 1])), "for 3 outputs and 3 classes"),
        (lambda: together(Teacher(convnet(3), classes=[0, 1, 1])), "one different class"),
        (lambda: together(Teacher(convnet(3), classes=[0, 1, 3])), "one different class"),
        (lambda: together(nn.Linear(7, 3)), "does not take samples"),
        (lambda: together(nn.Identity()), "it must return logits"),
        (lambda: together(7), "the teacher is a int"),
        (lambda: together(Says(np.full((1, 3), np.nan))), "NaN"),
        (lambda: together(convnet(3), "none.onnx"), "teacher 1: none.onnx: no such file"),
        (lambda: together("model.pt"), "no kind of file that can teach"),
    ],
)
def test_a_wrong_teacher_says_what_would_be_right(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
