"""Models that conversion would not make but a person may bring: refused before any firmware exists."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tflite_builder import ModelBuilder

from edgekd.convert.verify import verify
from edgekd.errors import InputError


def check(model: ModelBuilder, inputs: list[int], outputs: list[int], folder: Path) -> None:
    path = folder / "model.tflite"
    path.write_bytes(model.build(inputs, outputs))
    verify(path, np.zeros((1, 4), np.float32), np.zeros(1, np.int64))


def test_float_input_and_output_are_refused_by_tensor_name(tmp_path: Path) -> None:
    model = ModelBuilder()
    x, y = model.tensor((1, 4), "float32", name="pixels"), model.tensor((1, 4), "float32")
    model.operator("RESHAPE", [x], [y])

    with pytest.raises(InputError, match=r"model\.tflite: input tensor 'pixels' is float32, not int8"):
        check(model, [x], [y], tmp_path)


def test_two_outputs_are_refused(tmp_path: Path) -> None:
    model = ModelBuilder()
    x, y = model.tensor((1, 4), scale=0.1), model.tensor((1, 4), scale=0.1)
    model.operator("RELU", [x], [y])

    with pytest.raises(InputError, match="2 outputs, not one"):
        check(model, [x], [y, y], tmp_path)


def test_an_operator_edgekd_lacks_is_named(tmp_path: Path) -> None:
    model = ModelBuilder()
    x, y = model.tensor((1, 4), scale=0.1), model.tensor((1, 4), scale=0.1)
    model.operator("SQUARE", [x], [y])

    with pytest.raises(InputError, match=r"model\.tflite: .*SQUARE"):
        check(model, [x], [y], tmp_path)
