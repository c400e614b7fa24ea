"""Rewritten ONNX graphs compute what they did, in onnxruntime; what onnx2tf does badly is gone or named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from needs import require_module

from edgekd.convert import onnx_graph

pytestmark = [pytest.mark.torch, pytest.mark.convert]
Array = np.ndarray[Any, Any]


def exported(forward: Callable[[Any], Any], shape: Sequence[int], path: Path) -> Any:
    """What torch makes of a function, simplified as for conversion."""
    import torch

    for module in ("onnx", "onnxsim"):
        require_module(module)
    import onnx
    from onnxsim import simplify

    class Network(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return forward(x)

    torch.onnx.export(
        Network(), (torch.zeros(shape),), str(path), dynamo=False, opset_version=17, input_names=["input"]
    )
    model, equal = simplify(onnx.load(path))
    assert equal
    return model


def run(model: Any, x: Array) -> Array:
    import onnxruntime

    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    result: Array = session.run(None, {"input": x})[0]
    return result


def check(forward: Callable[[Any], Any], shape: Sequence[int], path: Path) -> Any:
    """Rewrite, compare, and return the nodes."""
    model = exported(forward, shape, path)
    x = np.random.default_rng(1).normal(-1, 1, shape).astype(np.float32)
    before = run(model, x)
    onnx_graph.rewrite(model.graph)
    np.testing.assert_array_equal(run(model, x), before)
    return model.graph.node


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("ceil", [False, True])
@pytest.mark.parametrize(
    ("taps", "stride", "padding"), [(3, 2, 0), (3, 2, 1), (3, 1, 1), (2, 2, 0), (5, 3, 2), (2, 3, 1)]
)
def test_max_pools_need_no_padding_of_their_own(
    taps: int, stride: int, padding: int, ceil: bool, positive: bool, tmp_path: Path
) -> None:
    import torch
    from torch.nn import functional

    def forward(x: Any) -> Any:
        return functional.max_pool2d(torch.relu(x) if positive else x, taps, stride, padding, ceil_mode=ceil)

    for height, width in ((10, 11), (12, 9)):
        nodes = check(forward, (1, 2, height, width), tmp_path / "pool.onnx")
        (pool,) = (node for node in nodes if node.op_type == "MaxPool")
        assert {attribute.name for attribute in pool.attribute} <= {"kernel_shape", "strides", "auto_pad"}


@pytest.mark.filterwarnings("ignore")
def test_a_channel_shuffle_becomes_one_gather(tmp_path: Path) -> None:
    def forward(x: Any) -> Any:
        return x.view(1, 2, 5, 10, 10).transpose(1, 2).reshape(1, 10, 10, 10) * 2

    nodes = check(forward, (1, 10, 10, 10), tmp_path / "shuffle.onnx")
    assert [node.op_type for node in nodes] == ["Gather", "Mul"]


@pytest.mark.filterwarnings("ignore")
def test_heads_are_split_in_four_dimensions(tmp_path: Path) -> None:
    def forward(x: Any) -> Any:
        query, key, value = (x * 2).reshape(1, 7, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        return query @ key.transpose(-2, -1) @ value

    nodes = check(forward, (1, 7, 24), tmp_path / "heads.onnx")
    assert sum(node.op_type == "Split" for node in nodes) == 1
    assert all(len(dict_of(node).get("perm", ())) in (0, 4) for node in nodes)


def dict_of(node: Any) -> dict[str, Any]:
    from onnx import helper

    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


@pytest.mark.filterwarnings("ignore")
def test_a_recurrent_layer_and_an_ambiguous_tensor_are_named(tmp_path: Path) -> None:
    import torch

    layer = torch.nn.GRU(3, 4).requires_grad_(False)
    model = exported(lambda x: layer(x)[0], (5, 1, 3), tmp_path / "gru.onnx")
    assert str(onnx_graph.recurrent(model.graph)).endswith("(GRU)")
    model = exported(lambda x: x * 2, (1, 6, 6, 6), tmp_path / "cube.onnx")
    assert onnx_graph.recurrent(model.graph) is None and onnx_graph.ambiguous(model.graph) == "input"
    model = exported(lambda x: x * 2, (1, 6, 5, 6), tmp_path / "flat.onnx")
    assert onnx_graph.ambiguous(model.graph) is None
