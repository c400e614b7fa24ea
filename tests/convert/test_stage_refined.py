from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgekd.compiler.reader import read_tflite
from edgekd.config import Recipe

pytestmark = [pytest.mark.torch, pytest.mark.convert, pytest.mark.slow]


def test_a_student_pruned_and_fine_tuned_is_converted_as_it_is(tmp_path: Path) -> None:
    from edgekd.convert.stage import run_convert
    from edgekd.distill.stage import run_distill

    network = {"model": "student_cnn", "options": {"image_size": 8, "width": 8}, "epochs": 2, "batch_size": 50}
    recipe = Recipe.model_validate(
        {
            "name": "test",
            "data": {"source": "digits", "validation": 200},
            "teacher": {**network, "count": 1},
            "student": network,
            "prune": {"share": 0.25},
            "quantize": {"aware": True, "weight_bits": 4, "epochs": 1},
            "convert": {"max_accuracy_drop": 100.0},
        }
    )
    run_distill(recipe, tmp_path)
    run_convert(recipe, tmp_path)
    graph = read_tflite(tmp_path / "convert" / "student.tflite")
    weights = [operator.inputs[1] for operator in graph.operators if operator.name == "CONV_2D"]
    assert [tensor.shape[0] for tensor in weights if tensor] == [6, 9, 19, 10]
    assert {int(np.abs(tensor.data).max()) for tensor in weights if tensor and tensor.data is not None} == {7}
    said = json.loads((tmp_path / "convert" / "convert.json").read_text())
    assert said["student"]["quantization"] == said["control"]["quantization"] == "aware"
    aware = json.loads((tmp_path / "distill" / "distill.json").read_text())["quantize"]["student"]
    assert said["student"]["accuracy"] == pytest.approx(aware["test_accuracy"], abs=2)
