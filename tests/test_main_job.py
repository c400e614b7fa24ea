"""The whole way on a small data set: a recipe in, a measured board and a report out, with one command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = [pytest.mark.convert, pytest.mark.emulated, pytest.mark.slow]

RECIPE = """\
name = "shapes"

[data]
source = "npz"
path = "shapes.npz"
validation = 40

[teacher]
model = "edgekd_test_models:small"
options = { channels = 8 }
count = 2
epochs = 3
batch_size = 32
learning_rate = 0.05

[student]
model = "edgekd_test_models:small"
options = { channels = 3 }
epochs = 3
batch_size = 32
learning_rate = 0.05

[convert]
calibration_samples = 50
max_accuracy_drop = 10.0

[evaluate]
samples = 30
"""

MODELS = """\
from torch import nn


def small(channels: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, channels, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 3),
    )
"""


def shapes(random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Horizontal bars, vertical bars and blots on noise, 8x8: three classes a small net learns in seconds."""
    y = random.integers(0, 3, count)
    x = random.normal(0, 0.1, (count, 8, 8, 1))
    for image, label in zip(x, y, strict=True):
        row, column = random.integers(1, 6, 2)
        image[
            row if label == 0 else slice(row, row + 2) if label == 2 else slice(None),
            column if label == 1 else slice(column, column + 2) if label == 2 else slice(None),
        ] += 1
    return x.astype(np.float32), y


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("job")
    random = np.random.default_rng(0)
    parts = {}
    for name, count in (("train", 240), ("test", 60)):
        parts[f"x_{name}"], parts[f"y_{name}"] = shapes(random, count)
    np.savez(folder / "shapes.npz", **parts)
    (folder / "edgekd_test_models.py").write_text(MODELS)
    (folder / "recipe.toml").write_text(RECIPE)
    return folder


def edgekd(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("edgekd")), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def first_run(folder: Path) -> subprocess.CompletedProcess[str]:
    return edgekd(folder, "run", "recipe.toml", "--json")


def test_one_command_goes_from_teachers_to_a_measured_board(
    folder: Path, first_run: subprocess.CompletedProcess[str]
) -> None:
    assert first_run.returncode == 0, first_run.stderr
    result = json.loads(first_run.stdout)
    assert result == json.loads((folder / "runs" / "shapes" / "result.json").read_text())
    assert result["bit_exact"] == {"oracle": "TensorFlow Lite Micro", "equal": 30, "of": 30}
    assert len(result["accuracy"]["teachers"]) == 2
    assert result["per_inference"]["instructions"] > 0
    assert result["ram_bytes"]["total"] == sum(result["ram_bytes"][part] for part in ("arena", "static", "stack"))
    assert sum(map(sum, result["confusion"]["board"])) == 30
    assert sum(map(sum, result["confusion"]["host"])) == 60
    assert set(result["history"]) == {"teacher 1", "teacher 2", "student", "control"}


def test_the_report_is_one_file_that_loads_nothing(folder: Path, first_run: object) -> None:
    page = (folder / "runs" / "shapes" / "report.html").read_text()
    assert page.count("<svg") == 5
    for elsewhere in ("<script", "<link", " src=", "@import", 'href="http'):
        assert elsewhere not in page


def test_a_second_run_keeps_everything(folder: Path, first_run: object) -> None:
    again = edgekd(folder, "run", "recipe.toml")
    assert again.returncode == 0
    assert again.stderr.count("nothing changed, kept") == 5


def test_a_changed_number_of_samples_trains_nothing_again(folder: Path, first_run: object) -> None:
    (folder / "fewer.toml").write_text(RECIPE.replace("samples = 30", "samples = 10"))
    run = edgekd(folder, "run", "fewer.toml")
    assert run.returncode == 0, run.stderr
    assert "distill  train the teachers, the student and its control: nothing changed, kept" in run.stderr
    assert "10 of 10" in run.stderr


def test_a_missed_gate_is_exit_code_1_and_the_report_is_there(folder: Path, first_run: object) -> None:
    (folder / "hard.toml").write_text(RECIPE + "\n[gates]\naccuracy = 100.0\nbeats_control = true\n")
    run = edgekd(folder, "run", "hard.toml")
    result = json.loads((folder / "runs" / "shapes" / "result.json").read_text())
    reached = result["accuracy"]["student_int8"] == 100.0 > result["accuracy"]["control_int8"]
    assert run.returncode == (0 if reached else 1)
    assert bool(result["failures"]) == (not reached)
    assert all(failure in run.stderr for failure in result["failures"])


def test_names_from_the_data_are_escaped_in_the_page(folder: Path, first_run: object) -> None:
    from edgekd.config import load_recipe
    from edgekd.report.page import render

    result = json.loads((folder / "runs" / "shapes" / "result.json").read_text())
    hostile = "<img src=x onerror=alert(1)>"
    result["data"]["class_names"] = [hostile, "b", "c"]
    result["board_title"] = hostile
    page = render(load_recipe(folder / "recipe.toml"), result)
    assert "<img" not in page
    assert "&lt;img" in page
