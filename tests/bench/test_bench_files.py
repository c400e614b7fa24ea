"""Models by file, and files derived for bakenn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from engine_bench.models import derive, load
from small_models import classifier
from tflite_builder import ModelBuilder, pack
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

from edgekd.compiler.reader import parse_tflite
from edgekd.convert import tflm
from edgekd.errors import InputError


def published() -> bytes:
    """A model as converters publish it: the batch unknown, RESHAPE without options."""
    model = schema.ModelT.InitFromPackedBuf(bytearray(classifier()), 0)
    graph = model.subgraphs[0]
    graph.tensors[graph.inputs[0]].shapeSignature = np.array([-1, 8, 8, 3], np.int32)
    for operator in graph.operators:
        if operator.builtinOptionsType == schema.BuiltinOptions.ReshapeOptions:
            operator.builtinOptions, operator.builtinOptionsType = None, 0
    return pack(model)


def test_all_that_bakenn_refuses_is_changed_and_named() -> None:
    data, changes = derive(published())
    assert changes == ["shape signatures removed", "RESHAPE's options filled in", "the SOFTMAX at the end removed"]
    assert derive(data)[1] == []
    before, after = parse_tflite(published(), "before"), parse_tflite(data, "after")
    assert [op.name for op in after.operators] == [op.name for op in before.operators[:-1]]
    assert all(signature is None for signature in _signatures(data))


def test_what_stays_computes_the_same(tmp_path: Path) -> None:
    paths = tmp_path / "published.tflite", tmp_path / "derived.tflite"
    paths[0].write_bytes(published())
    paths[1].write_bytes(derive(published())[0])
    x = np.random.default_rng(0).integers(-128, 128, (20, 1, 8, 8, 3)).astype(np.int8)
    probabilities, logits = (tflm.run_batch(path, x) for path in paths)
    order = np.argsort(logits, axis=1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=1).astype(int)
    assert (np.diff(ranked, axis=1) >= 0).all()
    assert len(np.unique(logits, axis=0)) > 1


def test_a_dense_layer_over_four_dimensions_gets_a_reshape(tmp_path: Path) -> None:
    model = ModelBuilder()
    x, y = model.tensor((1, 2, 2, 3), scale=0.1), model.tensor((1, 4), scale=0.2)
    w = model.tensor((4, 12), scale=0.01, data=np.arange(-24, 24).reshape(4, 12))
    b = model.tensor((4,), "int32", scale=0.001, data=[1, -2, 3, -4])
    model.operator("FULLY_CONNECTED", [x, w, b], [y])
    published = model.build([x], [y])
    data, changes = derive(published)
    assert changes == ["a RESHAPE put before FULLY_CONNECTED"]
    graph = parse_tflite(data, "derived")
    assert [(op.name, op.outputs[0].shape) for op in graph.operators] == [
        ("RESHAPE", (1, 12)),
        ("FULLY_CONNECTED", (1, 4)),
    ]
    paths = tmp_path / "published.tflite", tmp_path / "derived.tflite"
    paths[0].write_bytes(published)
    paths[1].write_bytes(data)
    samples = np.random.default_rng(0).integers(-128, 128, (20, 1, 2, 2, 3)).astype(np.int8)
    before, after = (tflm.run_batch(path, samples) for path in paths)
    assert (before == after).all() and len(np.unique(after)) > 1


def test_a_model_of_one_softmax_keeps_it() -> None:
    model = ModelBuilder()
    x, y = model.tensor((1, 4), scale=0.1), model.tensor((1, 4), scale=1 / 256, zero_point=-128)
    model.operator("SOFTMAX", [x], [y], beta=1.0)
    assert derive(model.build([x], [y]))[1] == []


def test_a_folder_stands_for_its_models(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.tflite").write_bytes(classifier())
    (tmp_path / "README.md").write_text("not a model")
    models = load([tmp_path])
    assert [model.name for model in models] == ["a", "b"]
    assert models[0].facts["bytes"] == len(classifier())
    assert models[0].macs == 4 * 4 * 8 * (27 + 9 + 8) + 4 * 8


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tflite").write_bytes(classifier())
    with pytest.raises(InputError, match="two models are called a"):
        load([tmp_path, tmp_path / "a.tflite"])


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no \.tflite file"):
        load([tmp_path])


def _signatures(data: bytes) -> list[object]:
    return [t.shapeSignature for t in schema.ModelT.InitFromPackedBuf(bytearray(data), 0).subgraphs[0].tensors]
