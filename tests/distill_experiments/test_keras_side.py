"""Keras' half of the experiment with its example: the same networks and the same loss as edgekd's half."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from needs import import_needed, require_module

torch = import_needed("torch")

from edgekd.distill.inference import predict  # noqa: E402
from edgekd.distill.methods.soft_targets import soft_targets, soften  # noqa: E402

pytestmark = [pytest.mark.torch, pytest.mark.slow]

RNG = np.random.default_rng(0)


@pytest.fixture
def keras_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    require_module("keras")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    from distill_experiments import keras_side

    keras_side.keras()
    return keras_side


@pytest.mark.parametrize("size", [8, 28])
def test_a_network_of_keras_and_its_twin_in_torch_answer_alike(keras_side: ModuleType, size: int) -> None:
    model = keras_side.network([6, 10], size, seed=3)
    x = RNG.random((5, size, size, 1), np.float32)
    said = predict(keras_side.in_torch(model), torch.from_numpy(x.transpose(0, 3, 1, 2)))
    np.testing.assert_allclose(said.numpy(), keras_side.ask(model, x), atol=1e-5)


def test_a_seed_is_a_network_and_a_training(keras_side: ModuleType) -> None:
    x, y = RNG.random((40, 8, 8, 1), np.float32), RNG.integers(0, 10, 40)

    def trained(seed: int) -> list[bytes]:
        model = keras_side.network([4, 6], 8, seed=seed)
        keras_side.fit(model, x, y, seed=seed, epochs=2, batch_size=16, learning_rate=1e-2)
        return [weights.tobytes() for weights in model.get_weights()]

    assert trained(1) == trained(1) != trained(2)


def test_the_loss_of_the_example_is_that_of_soft_targets(keras_side: ModuleType) -> None:
    student = torch.from_numpy(RNG.normal(size=(12, 10)).astype(np.float32)).requires_grad_()
    teacher = torch.from_numpy(3 * RNG.normal(size=(12, 10)).astype(np.float32))
    labels = torch.from_numpy(RNG.integers(0, 10, 12))
    ours = 0.1 * torch.nn.functional.cross_entropy(student, labels)
    ours = ours + 0.9 * soft_targets(student, soften(teacher, 10.0), temperature=10.0)
    theirs = keras_side.example_loss(alpha=0.1, temperature=10.0)(torch.cat([labels[:, None], teacher], 1), student)
    torch.testing.assert_close(theirs, ours, rtol=1e-4, atol=1e-5)
    wanted, found = (torch.autograd.grad(loss, student)[0] for loss in (ours, theirs))
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-5)
