from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_models import classifier
from tflite_builder import ModelBuilder

from edgekd.compiler.graph import Graph
from edgekd.compiler.reader import read_tflite
from edgekd.errors import BadResultError, InputError
from edgekd.evaluate.scores import prepare, reconstruction_errors, scored

NAME = Path("model.tflite")


@pytest.fixture
def classes(tmp_path: Path) -> Graph:
    """1x8x8x3 to 4 classes."""
    (tmp_path / NAME).write_bytes(classifier())
    return read_tflite(tmp_path / NAME)


@pytest.fixture
def autoencoder(tmp_path: Path) -> Graph:
    """(1, 4) to (1, 4): input in steps of 0.5 around 2, output in steps of 0.25 around 0."""
    model = ModelBuilder()
    x = model.tensor((1, 4), scale=0.5, zero_point=2)
    y = model.tensor((1, 4), scale=0.25, zero_point=0)
    weights = model.tensor((4, 4), scale=0.01, data=np.eye(4, dtype=np.int8))
    model.operator("FULLY_CONNECTED", [x, weights], [y])
    (tmp_path / NAME).write_bytes(model.build([x], [y]))
    return read_tflite(tmp_path / NAME)


def answered(rows: Any, dtype: Any = np.int8) -> list[list[np.ndarray]]:
    return [[np.array([row], dtype)] for row in rows]


def test_a_classifier_is_scored_by_its_largest_output(classes: Graph) -> None:
    tests = prepare(classes, NAME, np.zeros((3, 8, 8, 3), np.int8), np.array([0, 3, 3]))
    figures = scored(tests, classes, answered([[9, 1, 1, 1], [0, 0, 0, 5], [0, 7, 0, 5]]))
    assert figures["task"] == "classify" and figures["accuracy"] == 2 / 3
    assert figures["confusion"][3] == [0, 1, 0, 1] and figures["auc"] is None
    assert figures["per_class"][3] == {"class": 3, "precision": 1.0, "recall": 0.5, "f1": 2 / 3, "support": 2}
    assert figures["macro_f1"] == pytest.approx((1 + 0 + 2 / 3) / 3)


def test_without_labels_there_is_no_score(classes: Graph) -> None:
    tests = prepare(classes, NAME, np.zeros((3, 8, 8, 3), np.int8), None)
    figures = scored(tests, classes, answered([[1, 2, 3, 4]] * 3))
    assert figures.pop("task") == "classify" and set(figures.values()) == {None}


def test_an_anomaly_is_what_comes_back_otherwise(autoencoder: Graph) -> None:
    x = np.array([[2, 2, 2, 2], [4, 2, 2, 2], [2, 2, 2, 4], [6, 6, 6, 6]], np.int8)  # 0; 1, 0, 0, 0; …; 2, 2, 2, 2
    tests = prepare(autoencoder, NAME, x, np.array([0, 1, 0, 1]))
    assert tests.task == "anomaly"
    outputs = np.array([[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 4], [8, 8, 8, 4]], np.int8)
    assert reconstruction_errors(tests, autoencoder, outputs).tolist() == [0.0, 0.25, 0.0, 0.25]
    figures = scored(tests, autoencoder, answered(outputs))
    assert (figures["task"], figures["auc"], figures["accuracy"]) == ("anomaly", 1.0, None)


def test_a_sample_of_windows_has_their_mean_error_against_the_real_numbers(autoencoder: Graph) -> None:
    x = np.zeros((2, 3, 4), np.float32)
    x[1, 2] = 0.6  # quantized to 0.5; what it is held against is 0.6
    tests = prepare(autoencoder, NAME, x, np.array([0, 1]))
    assert tests.samples == 2 and tests.inputs.shape == (6, 4) and tests.inputs[5].tolist() == [3, 3, 3, 3]
    errors = reconstruction_errors(tests, autoencoder, np.zeros((6, 4), np.int8))
    assert errors == pytest.approx([0.0, 0.36 / 3])


def test_the_task_may_be_said(autoencoder: Graph) -> None:
    x = np.zeros((2, 4), np.int8)
    assert prepare(autoencoder, NAME, x, np.array([0, 1]), "classify").task == "classify"
    assert prepare(autoencoder, NAME, x, np.array([0, 3])).task == "classify"


def test_the_output_of_a_float_model_may_be_no_number(classes: Graph) -> None:
    tests = prepare(classes, NAME, np.zeros((2, 8, 8, 3), np.int8), np.array([0, 1]))
    with pytest.raises(BadResultError, match="inference 1 is no number"):
        scored(tests, classes, answered([[0, 0, 0, 0], [0, np.nan, 0, 0]], np.float32))


@pytest.mark.parametrize(
    ("y", "task", "says"),
    [
        (np.array([0, 4]), None, r"model\.tflite: tells 4 classes apart, and there is a label 4"),
        (np.array([0, -1]), None, "there is a label -1"),
        (np.array([0]), None, "2 samples and 1 labels"),
        (np.array([[0, 1]]), None, "not one number for each sample"),
        (np.array([0.0, 1.0]), None, "labels are float64"),
        (np.array([0, 1]), "anomaly", "gives 4 numbers for 192"),
    ],
)
def test_labels_that_do_not_fit_are_named(classes: Graph, y: Any, task: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        prepare(classes, NAME, np.zeros((2, 8, 8, 3), np.int8), y, task)


def test_anomalies_need_both_kinds(autoencoder: Graph) -> None:
    with pytest.raises(InputError, match=r"these are \[1\]"):
        prepare(autoencoder, NAME, np.zeros((2, 4), np.int8), np.array([1, 1]))
    with pytest.raises(InputError, match=r"these are \[0, 2\]"):
        prepare(autoencoder, NAME, np.zeros((2, 4), np.int8), np.array([0, 2]), "anomaly")
