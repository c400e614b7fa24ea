"""Autoencoders: what they are trained on, how they are judged, and which recipes say something else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from needs import import_needed
from pydantic import ValidationError

from edgekd.config import Recipe
from edgekd.errors import InputError

torch = import_needed("torch")

from torch import nn  # noqa: E402

from edgekd.distill.anomaly_stage import run_distill  # noqa: E402
from edgekd.distill.feeds import Batch  # noqa: E402
from edgekd.distill.reconstruction import (  # noqa: E402
    auc_of,
    check_autoencoder,
    clip_errors,
    reconstruction_loss,
    together,
)

pytestmark = pytest.mark.torch


class Times(nn.Module):
    """Answers with its input times a factor."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, x: Any) -> Any:
        return self.factor * x


X = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
BATCH = Batch(X[[1, 0]], torch.zeros(2, dtype=torch.int64), chosen=torch.tensor([1, 0]))


def test_a_student_learns_from_the_sample_and_from_the_mean_of_its_teachers() -> None:
    loss = reconstruction_loss(together([Times(0.0), Times(1.0)], X), hard_weight=0.25)
    value, parts = loss(0.0 * X, BATCH)
    squares = (1 + 4 + 9 + 16) / 4
    assert parts["hard"] == pytest.approx(squares)
    assert parts["soft"] == pytest.approx(squares / 4)  # the teachers' mean is half of the sample
    assert value == pytest.approx(0.25 * squares + 0.75 * squares / 4)
    assert float(loss(0.5 * BATCH.x, BATCH)[1]["soft"]) == 0.0  # each sample with what was said of it


def test_without_teachers_the_sample_is_all() -> None:
    value, parts = reconstruction_loss(None, hard_weight=0.25)(0.5 * BATCH.x, BATCH)
    assert set(parts) == {"hard"}
    assert value == parts["hard"] == pytest.approx(7.5 / 4)


def test_teachers_are_not_trained_and_keep_their_mode() -> None:
    teacher = nn.Sequential(nn.BatchNorm1d(2), Times(1.0)).train()
    assert not together([teacher], X).requires_grad
    assert teacher.training and teacher[0].num_batches_tracked == 0


def test_a_clip_is_judged_by_the_mean_over_its_windows() -> None:
    windows = torch.tensor([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [0.0, 0.0]])
    errors = clip_errors([Times(0.0)], windows, clip_windows=2)
    assert errors.tolist() == [2.5, 4.5]
    assert auc_of(torch.tensor([0.1, 0.4, 0.35, 0.8]), torch.tensor([0, 0, 1, 1])) == 0.75


def test_a_network_that_is_no_autoencoder_is_refused() -> None:
    check_autoencoder(Times(1.0), "the student", X)
    with pytest.raises(InputError, match=r"the student answers 2 numbers with \[3\]"):
        check_autoencoder(nn.Linear(2, 3), "the student", X)
    with pytest.raises(InputError, match=r"features = 2"):
        check_autoencoder(nn.Linear(3, 3), "the student", X)
    with pytest.raises(InputError, match=r"shape \[1, 2, 2\]"):
        check_autoencoder(Times(1.0), "the student", torch.zeros(4, 1, 2, 2))


def recipe(**changes: Any) -> Recipe:
    network = {"model": "autoencoder", "epochs": 1}
    whole = {
        "name": "r",
        "task": "anomaly",
        "data": {"source": "machine-sounds"},
        "teacher": network,
        "student": network,
        "distill": {"method": "reconstruction"},
    }
    return Recipe.model_validate({**whole, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"distill": {}}, 'takes method = "reconstruction"'),
        ({"distill": {"method": "reconstruction", "temperature": 2.0}}, "distill.temperature does not go"),
        ({"distill": {"method": "reconstruction", "augment": "flip"}}, "distill.augment does not go"),
        ({"distill": {"method": "reconstruction", "hard_weight": 2.0}}, "hard_weight is 2"),
        ({"gates": {"accuracy": 90.0}}, "gates.accuracy does not go"),
        ({"quantize": {"aware": True}}, "quantize does not go"),
        ({"quantize": {"max_loss": 1.0}}, "quantize does not go"),
        ({"task": "classify", "gates": {"auc": 0.9}}, "gates.auc is of anomaly detectors"),
    ],
)
def test_a_recipe_that_asks_for_another_task_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        recipe(**changes)
    assert recipe(quantize={"aware": False}).task == "anomaly"


def test_labelled_anomalies_are_not_trained_on(tmp_path: Any) -> None:
    x, y = np.zeros((8, 4), np.float32), np.arange(8) % 2
    np.savez(tmp_path / "d.npz", x_train=x, y_train=y, x_test=x, y_test=y, x_val=x, y_val=0 * y)
    mixed = recipe(data={"source": "npz", "path": tmp_path / "d.npz"})
    with pytest.raises(InputError, match="4 samples to train on are labelled as anomalies"):
        run_distill(mixed, tmp_path / "run")


def trained(folder: Path, **distill: Any) -> dict[str, Any]:
    """distill.json of a run on windows of four numbers, of which the third is the sum of the first two."""
    rng = np.random.default_rng(0)
    x = rng.normal(0, 0.3, (60, 4)).astype(np.float32)
    x[:, 2] = x[:, 0] + x[:, 1]
    test, y = x[:20].copy(), np.arange(20) % 2
    test[y == 1, 2] *= -1
    parts = {"x_train": x[20:50], "x_val": x[50:], "x_test": test, "y_test": y}
    np.savez(folder.parent / "d.npz", y_train=np.zeros(30, int), y_val=np.zeros(10, int), **parts)
    options = {"features": 4, "width": 4, "depth": 1, "bottleneck": 2}
    network = {"model": "autoencoder", "options": options, "epochs": 2, "batch_size": 10}
    made = recipe(
        data={"source": "npz", "path": folder.parent / "d.npz", "options": {"class_names": ["normal", "anomaly"]}},
        teacher={**network, "count": 2},
        student=network,
        distill={"method": "reconstruction", **distill},
    )
    run_distill(made, folder)
    said: dict[str, Any] = json.loads((folder / "distill" / "distill.json").read_text())
    return said


def test_what_the_teachers_said_is_kept_where_that_is_wanted_and_teaches_the_same(tmp_path: Path) -> None:
    kept, asked = trained(tmp_path / "kept"), trained(tmp_path / "asked", cache=False)
    answers = list((tmp_path / "kept" / "distill" / "answers").iterdir())
    assert len(answers) == 1 and not (tmp_path / "asked" / "distill" / "answers").exists()
    assert kept["student"]["sha256"] == asked["student"]["sha256"] != kept["control"]["sha256"]
    answers[0].write_bytes(answers[0].read_bytes()[:-8])
    with pytest.raises(InputError, match=rf"{answers[0].name}: damaged"):
        trained(tmp_path / "kept", hard_weight=0.25)


def test_epochs_are_logged_where_the_recipe_says(tmp_path: Path) -> None:
    trained(tmp_path / "told")
    found = {file.parent.name for file in (tmp_path / "told").rglob("events.out.tfevents.*")}
    assert found == {"teacher-0", "teacher-1", "student", "control"}
    trained(tmp_path / "silent", log=[])
    assert not list((tmp_path / "silent").rglob("events.out.tfevents.*"))


def test_several_seeds_are_compared_in_pairs_by_their_auc(tmp_path: Path) -> None:
    said = trained(tmp_path / "run", seeds=3, log=[])
    found = said["seeds"]["test_auc"]
    assert said["seeds"]["count"] == len(found["student"]["values"]) == 3
    assert found["student"]["values"][0] == said["student"]["test_auc"]
    assert found["difference"]["test"] == "paired t-test"
    names = {f"{who}{end}" for who in ("student", "control") for end in ("", "-seed-1", "-seed-2")}
    assert {file.stem for file in (tmp_path / "run").rglob("*.safetensors")} >= names
    assert trained(tmp_path / "one", log=[])["student"]["sha256"] == said["student"]["sha256"]
