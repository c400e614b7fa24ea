"""Rows of SOFTMAX so long and even that TensorFlow Lite Micro has no result for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from host_model import build_host_model
from tflite_builder import ModelBuilder

from edgekd.compiler import compile_model
from edgekd.convert import tflm

CLASSES = 1000


def thousand_classes(folder: Path) -> Path:
    model = ModelBuilder()
    x = model.tensor((1, CLASSES), scale=0.1)
    y = model.tensor((1, CLASSES), scale=1 / 256, zero_point=-128)
    model.operator("SOFTMAX", [x], [y], beta=1.0)
    path = folder / "softmax.tflite"
    path.write_bytes(model.build([x], [y]))
    return path


@pytest.mark.cc
def test_a_row_with_a_peak_is_the_oracles_and_an_even_one_rounds_to_nothing(tmp_path: Path) -> None:
    path = thousand_classes(tmp_path)
    host = build_host_model(compile_model(path, tmp_path / "c", target="host"), sanitize=True, objects=tmp_path)
    peak = np.random.default_rng(0).integers(-128, 40, (1, CLASSES)).astype(np.int8)
    peak[0, 7] = 127

    np.testing.assert_array_equal(host.run([[peak]])[0][0], tflm.run(path, [[peak]]).outputs[0][0])
    assert (host.run([[np.zeros((1, CLASSES), np.int8)]])[0][0] == -128).all()
