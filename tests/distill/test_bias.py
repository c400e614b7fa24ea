"""The bias of classes that were missing in training."""

from __future__ import annotations

import numpy as np
import pytest
from distill_samples import convnet, images
from needs import import_needed

torch = import_needed("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn  # noqa: E402

import edgekd  # noqa: E402
from edgekd.distill.bias import best_offset, correct_bias  # noqa: E402
from edgekd.errors import InputError  # noqa: E402

pytestmark = pytest.mark.torch


def test_a_worked_example() -> None:
    """Rows of class 2 lack 3, 1 and 5 logits; two of class 0 are lost above 4: 3 to 4 is best, 3.5 its middle."""
    logits = torch.tensor([[3.0, 0.0, 0.0], [1.0, 0.0, 0.0], [5.0, 0.0, 0.0], [4.0, 1.0, 0.0], [4.0, 2.0, 0.0]])
    target = torch.tensor([2, 2, 2, 0, 0])
    assert best_offset(logits, target, [2]) == pytest.approx(3.5)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(2, 5))
def test_no_offset_does_better(seed: int, rows: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    logits = torch.from_numpy(rng.normal(size=(rows, classes)).round(1))
    target = torch.from_numpy(rng.integers(0, classes, rows))
    chosen = [int(c) for c in rng.permutation(classes)[: rng.integers(1, classes)]]

    def right(offset: float) -> int:
        moved = logits.clone()
        moved[:, chosen] += offset
        return int((moved.argmax(dim=1) == target).sum())

    found = best_offset(logits, target, chosen)
    assert right(found) >= max(right(float(offset)) for offset in np.arange(-8.025, 8.0, 0.05))


def test_a_student_that_never_saw_a_class_names_it_after_the_correction() -> None:
    """Hinton's experiment in small: the transfer set has no class 1, the teacher knows it."""
    train, val = images(400, seed=0), images(200, seed=1)
    teacher, student = convnet(8, 0), convnet(6, 1)
    options = {"epochs": 12, "batch_size": 16, "learning_rate": 0.02}
    edgekd.train(teacher, train, val, **options)
    seen = train[1] != 1
    edgekd.distill(
        teacher, student, (train[0][seen], train[1][seen]), val, temperature=4.0, hard_weight=0.0, control=False,
        **options,
    )  # fmt: skip
    test = images(300, seed=2)

    def recalled() -> float:
        with torch.no_grad():
            said = student.eval()(torch.from_numpy(test[0])).argmax(1).numpy()
        return float(np.mean(said[test[1] == 1] == 1))

    before = recalled()
    offset = correct_bias(student, val, [1])
    assert offset > 0
    assert recalled() > before


def test_networks_and_classes_that_do_not_fit_are_refused() -> None:
    val = images(20, seed=1)
    for classes in ([], [0, 1, 2], [3], [-1]):
        with pytest.raises(InputError, match="classes is"):
            correct_bias(convnet(3), val, classes)
    without = nn.Sequential(nn.Flatten(), nn.Linear(64, 3, bias=False))
    with pytest.raises(InputError, match="bias for each class"):
        correct_bias(without, val, [1])
