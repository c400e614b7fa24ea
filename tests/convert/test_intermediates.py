from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_models import classifier
from tflite_builder import ModelBuilder

from edgekd.compiler.reader import read_tflite
from edgekd.convert import tflm
from edgekd.convert.intermediates import intermediates
from edgekd.errors import InputError


def test_tensors_on_the_way_have_the_values_that_arithmetic_gives(tmp_path: Path) -> None:
    model = ModelBuilder()
    x, a, b = (model.tensor((1, 4), scale=0.5, zero_point=0) for _ in range(3))
    y = model.tensor((1, 4), scale=1.0, zero_point=0)
    model.operator("RELU", [x], [a])
    model.operator("ADD", [a, a], [b])
    model.operator("ADD", [b, x], [y])
    path = tmp_path / "model.tflite"
    path.write_bytes(model.build([x], [y]))
    found = intermediates(path, [np.array([[-9, 0, 3, 40]], np.int8)], [b, a])
    assert found[a].tolist() == [[0, 0, 3, 40]] and found[b].tolist() == [[0, 0, 6, 80]]


def test_the_last_of_them_is_the_model_s_output(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(classifier())
    graph = read_tflite(path)
    made = [tensor.index for operator in graph.operators for tensor in operator.outputs]
    x = np.random.default_rng(0).integers(-128, 128, (1, 8, 8, 3), dtype=np.int8)
    found = intermediates(path, [x], made)
    assert [found[index].shape for index in made] == [graph.tensors[index].shape for index in made]
    assert np.array_equal(found[graph.outputs[0].index], tflm.run(path, [[x]]).outputs[0][0])
    assert path.read_bytes() == classifier()


def test_an_error_names_the_model_and_not_the_copy(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(classifier())
    with pytest.raises(InputError, match=r"model\.tflite") as refused:
        intermediates(path, [np.zeros((1, 8, 8, 2), np.int8)], [read_tflite(path).outputs[0].index])
    assert str(path) in str(refused.value) and "edgekd-intermediates" not in str(refused.value)
