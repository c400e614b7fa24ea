"""The oracle: runs models, and says in a sentence why it cannot run the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_models import classifier
from tflite_builder import ModelBuilder

from edgekd.convert import tflm
from edgekd.errors import InputError


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.tflite"
    path.write_bytes(classifier())
    return path


def save(path: Path, model: ModelBuilder, inputs: list[int], outputs: list[int]) -> Path:
    path.write_bytes(model.build(inputs, outputs))
    return path


def test_a_batch_runs_sample_by_sample(model: Path) -> None:
    x = np.random.default_rng(0).integers(-128, 128, (30, 8, 8, 3), dtype=np.int8)
    y = tflm.run_batch(model, x)
    assert y.shape == (30, 4) and y.dtype == np.int8
    assert len({row.tobytes() for row in y}) > 1
    np.testing.assert_array_equal(tflm.run_batch(model, x[7:8])[0], y[7])


def test_relu_is_computed_as_one_can_by_hand(tmp_path: Path) -> None:
    made = ModelBuilder()
    x, y = made.tensor((1, 5), scale=0.5, zero_point=10), made.tensor((1, 5), scale=0.5, zero_point=10)
    made.operator("RELU", [x], [y])
    path = save(tmp_path / "relu.tflite", made, [x], [y])
    given = np.array([[-128, 9, 10, 11, 127]], np.int8)
    run = tflm.run(path, [[given]])
    np.testing.assert_array_equal(run.outputs[0][0], [[10, 10, 10, 11, 127]])
    assert 100 < run.arena_bytes < 10_000


def test_inputs_and_outputs_of_several_types(tmp_path: Path) -> None:
    made = ModelBuilder()
    a, b = made.tensor((1, 3), "float32"), made.tensor((1, 3), scale=0.5)
    q, f = made.tensor((1, 3), scale=0.5, zero_point=1), made.tensor((1, 3), "float32")
    made.operator("QUANTIZE", [a], [q])
    made.operator("DEQUANTIZE", [b], [f])
    path = save(tmp_path / "types.tflite", made, [a, b], [q, f])
    sample = [np.array([[0.5, 1.0, -3.0]], np.float32), np.array([[1, -2, 127]], np.int8)]
    run = tflm.run(path, [sample, sample])
    for outputs in run.outputs:
        np.testing.assert_array_equal(outputs[0], [[2, 3, -5]])
        np.testing.assert_array_equal(outputs[1], np.float32([[0.5, -1.0, 63.5]]))


def test_progress_reaches_the_caller(model: Path) -> None:
    told: list[tuple[float, float, str]] = []
    x = np.zeros((20_000, 8, 8, 3), np.int8)
    tflm.run_batch(model, x, lambda done, total, text: told.append((done, total, text)))
    assert told and all(0 < done <= total == len(x) for done, total, _ in told)


def test_an_operator_it_has_not_is_named(tmp_path: Path) -> None:
    made = ModelBuilder()
    x, y = made.tensor((1, 5), scale=0.5), made.tensor((1, 5), scale=0.5)
    made.operator("SEGMENT_SUM", [x, x], [y])
    with pytest.raises(InputError, match="it has no operator SEGMENT_SUM"):
        tflm.run(save(tmp_path / "m.tflite", made, [x], [y]), [[np.zeros((1, 5), np.int8)]])


def test_an_operator_it_refuses_is_named_with_its_reason(tmp_path: Path) -> None:
    made = ModelBuilder()
    x, y = made.tensor((1, 5), scale=0.5), made.tensor((1, 5), scale=0.5, zero_point=0)
    made.operator("SOFTMAX", [x], [y], beta=1.0)
    with pytest.raises(InputError, match=r"it refuses operator 0 \(SOFTMAX\)") as refused:
        tflm.run(save(tmp_path / "m.tflite", made, [x], [y]), [[np.zeros((1, 5), np.int8)]])
    assert any("zero_point != -128" in hint for hint in refused.value.hints)


def test_a_model_that_ends_the_interpreter_ends_in_a_sentence(tmp_path: Path) -> None:
    made = ModelBuilder()
    x, y = made.tensor((1, 8), scale=0.1), made.tensor((1, 9), scale=1.0)
    made.operator("ADD", [x, x], [y])  # shapes it aborts on
    with pytest.raises(InputError, match=r"crashed on it \(SIGABRT\)"):
        tflm.run(save(tmp_path / "m.tflite", made, [x], [y]), [[np.zeros((1, 8), np.int8)]])


def test_large_tensors_get_the_arena_they_need(tmp_path: Path) -> None:
    made = ModelBuilder()
    x, y = made.tensor((1, 1 << 25), scale=0.5), made.tensor((1, 1 << 25), scale=0.5)
    made.operator("RELU", [x], [y])
    run = tflm.run(save(tmp_path / "m.tflite", made, [x], [y]), [[np.zeros((1, 1 << 25), np.int8)]])
    assert run.arena_bytes >= 2 << 25


def test_samples_of_another_shape_or_type_are_refused(model: Path) -> None:
    with pytest.raises(InputError, match="input 0 is int8, float32 was given"):
        tflm.run_batch(model, np.zeros((1, 8, 8, 3), np.float32))
    with pytest.raises(InputError, match=r"input 0 has shape \(1, 8, 8, 3\), a sample of shape \(8, 8\) was given"):
        tflm.run_batch(model, np.zeros((1, 8, 8), np.int8))
    with pytest.raises(InputError, match="the model has 1 inputs, 2 were given"):
        tflm.run(model, [[np.zeros((1, 8, 8, 3), np.int8)] * 2])
    with pytest.raises(InputError, match="no samples"):
        tflm.run(model, [])


@pytest.mark.parametrize("keep", [0, 4, 100, 2000])
def test_a_broken_file_ends_in_a_sentence(model: Path, keep: int) -> None:
    model.write_bytes(classifier()[:keep])
    with pytest.raises(InputError, match=r"model\.tflite: "):
        tflm.run_batch(model, np.zeros((1, 8, 8, 3), np.int8))


def test_a_file_that_is_not_there_ends_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        tflm.run_batch(tmp_path / "absent.tflite", np.zeros((1, 8, 8, 3), np.int8))
