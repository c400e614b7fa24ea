from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekd.compiler.reader import read_tflite
from edgekd.config import Recipe
from edgekd.errors import BadResultError, InputError

pytestmark = [pytest.mark.torch, pytest.mark.convert]


def recipe(**convert: Any) -> Recipe:
    network = {"model": "student_cnn", "options": {"image_size": 8, "width": 4}, "epochs": 1}
    return Recipe.model_validate(
        {
            "name": "test",
            "data": {"source": "digits", "validation": 200},
            "teacher": {**network, "model": "teacher_cnn"},
            "student": network,
            "convert": {"calibration_samples": 50, **convert},
            "evaluate": {"samples": 7},
        }
    )


def save_networks(folder: Path, **options: Any) -> None:
    """What `distill` leaves, without training: student and control differ by their random weights."""
    import torch
    from safetensors.torch import save_model

    from edgekd.models import resolve

    (folder / "distill").mkdir()
    for seed, name in enumerate(("student", "control")):
        torch.manual_seed(seed)
        network = resolve("student_cnn", **{"image_size": 8, "width": 4, **options})
        save_model(network, str(folder / "distill" / f"{name}.safetensors"))


@pytest.mark.slow
def test_student_and_control_are_converted_and_compared_on_the_whole_test_set(tmp_path: Path) -> None:
    from edgekd.convert.stage import run_convert

    save_networks(tmp_path)
    told: list[tuple[float, float]] = []

    made = run_convert(recipe(max_accuracy_drop=100.0), tmp_path, lambda done, total, text: told.append((done, total)))

    out = tmp_path / "convert"
    assert {path.name for path in made} == {path.name for path in out.iterdir()}
    assert told == sorted(told) and told[-1] == (1.0, 1.0)
    facts = json.loads((out / "convert.json").read_text())
    student, control = facts["student"], facts["control"]
    assert student["sha256"] == read_tflite(out / "student.tflite").sha256 != control["sha256"]
    assert np.sum(student["confusion"]) == np.sum(control["confusion"]) == facts["samples"] == 360
    assert student["accuracy"] == pytest.approx(100 * np.trace(student["confusion"]) / 360)
    assert student["drop"] == pytest.approx(student["float_accuracy"] - student["accuracy"])
    assert sum(row["macs"] for row in student["operators"]) == student["macs"] > 0


@pytest.mark.slow
def test_a_student_that_lost_too_much_ends_the_run(
    tmp_path: Path, conversions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgekd.convert import stage

    def convert_badly(models: Any, *args: Any, **kwargs: Any) -> None:
        (tmp_path / "convert").mkdir()
        for path in models:
            shutil.copy(conversions.narrow, path)

    save_networks(tmp_path)
    monkeypatch.setattr(stage, "convert_all", convert_badly)
    monkeypatch.setattr(stage, "_accuracy", lambda network, dataset: 99.0)

    with pytest.raises(BadResultError, match=r"student\.tflite: int8 accuracy is"):
        stage.run_convert(recipe(), tmp_path)


def test_without_weights_the_person_is_sent_to_the_stage_before(tmp_path: Path) -> None:
    from edgekd.convert.stage import run_convert

    with pytest.raises(InputError, match=r"student\.safetensors: no such file\n.*edgekd distill"):
        run_convert(recipe(), tmp_path)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    from edgekd.convert.stage import run_convert

    save_networks(tmp_path, width=6)

    with pytest.raises(InputError, match=r"student\.safetensors does not fit student_cnn"):
        run_convert(recipe(), tmp_path)


def test_a_damaged_weights_file_is_refused(tmp_path: Path) -> None:
    from edgekd.convert.stage import run_convert

    save_networks(tmp_path)
    (tmp_path / "distill" / "student.safetensors").write_bytes(b"\xff" * 100)

    with pytest.raises(InputError, match=r"student\.safetensors does not fit"):
        run_convert(recipe(), tmp_path)
