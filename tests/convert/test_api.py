from __future__ import annotations

import copy
import hashlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekd.compiler.reader import read_tflite
from edgekd.errors import InputError, ToolError

pytestmark = [pytest.mark.torch, pytest.mark.convert, pytest.mark.slow]

CALIBRATION = np.random.default_rng(0).normal(size=(4, 8, 8, 1)).astype(np.float32)


def convert(model: Any, tmp_path: Path, calibration: Any = CALIBRATION) -> Any:
    from edgekd.convert.api import convert

    return convert(model, calibration, tmp_path / "model.tflite")


def network(forward: Any) -> Any:
    """A module that computes `forward`."""
    from torch import nn

    class Network(nn.Module):
        def forward(self, x: Any) -> Any:
            return forward(x)

    return Network()


def test_a_conversion_is_int8_in_and_out_and_per_channel_with_channels_last(conversions: Any) -> None:
    graph = read_tflite(conversions.good)

    assert [(t.dtype, t.shape) for t in (*graph.inputs, *graph.outputs)] == [("int8", (1, 8, 8, 1)), ("int8", (1, 10))]
    convolution = next(operator for operator in graph.operators if operator.name == "CONV_2D")
    weights = convolution.inputs[1]
    assert weights is not None and weights.quantization is not None
    assert weights.dtype == "int8" and len(weights.quantization.scale) == 12
    assert not {"TRANSPOSE", "QUANTIZE", "DEQUANTIZE"} & {operator.name for operator in graph.operators}


def test_an_image_comes_out_channels_last_and_a_series_goes_in_channels_last(conversions: Any) -> None:
    assert read_tflite(conversions.image).outputs[0].shape == (1, 8, 8, 3)
    assert read_tflite(conversions.series).inputs[0].shape == (1, 32, 4)


def test_progress_goes_on_and_names_each_model(conversions: Any) -> None:
    shares = [done / total for done, total, _ in conversions.phases]

    assert shares == sorted(shares) and shares[-1] == 1.0
    said = " ".join(text for _, _, text in conversions.phases)
    assert all(name in said for name in ("good", "narrow", "image", "series"))


def test_another_process_makes_the_same_bytes_and_leaves_the_model_as_it_was(
    digits: Any, conversions: Any, tmp_path: Path
) -> None:
    import edgekd

    before = copy.deepcopy(digits.model.state_dict())
    out = tmp_path / "new folder" / "again.tflite"

    made = edgekd.convert(digits.model, digits.x_train[:200], out)

    assert out.read_bytes() == conversions.good.read_bytes()
    assert made.sha256 == hashlib.sha256(out.read_bytes()).hexdigest()
    assert sorted(path.name for path in out.parent.iterdir()) == ["again.convert.log", "again.tflite"]
    assert digits.model.training
    assert all(bool((before[key] == value).all()) for key, value in digits.model.state_dict().items())


@pytest.mark.parametrize(
    ("calibration", "part"),
    [
        (np.full((4, 8, 8, 1), np.nan, np.float32), "sample 0 holds NaN"),
        (np.zeros((4, 8, 8, 1), np.float32), "every calibration value is 0.0"),
        (np.zeros((0, 8, 8, 1), np.float32), r"shape \[0, 8, 8, 1\]"),
        (np.zeros((4,), np.float32), r"shape \[4\]"),
        (np.zeros((4, 8, 8, 1), np.int8), "int8, not float32"),
        (CALIBRATION.reshape(4, 4, 16, 1)[..., [0, 0]], r"fails on an input of shape \[1, 2, 4, 16\]"),
    ],
    ids=["nan", "constant", "none", "rank", "integers", "channels"],
)
def test_calibration_that_cannot_serve_is_refused(digits: Any, tmp_path: Path, calibration: Any, part: str) -> None:
    with pytest.raises(InputError, match=part):
        convert(digits.model, tmp_path, calibration)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("forward", "part"),
    [
        (lambda x: (x, x), "returns a tuple, not one tensor"),
        (lambda x: {"logits": x}, "returns a dict"),
        (lambda x: x.sum(), r"of shape \[\]"),
        (lambda x: x.flatten(1).argmax(1, keepdim=True), "int64"),
        (lambda x: x / 0.0, "NaN or infinity"),
        (lambda x: x[x > 0][None], "output depends on the data"),
        (lambda x: x.undefined, "AttributeError"),
        (lambda x: x.flatten(1).kthvalue(2, keepdim=True)[0], "kthvalue"),
    ],
    ids=["tuple", "dict", "scalar", "integers", "infinite", "shape", "raises", "no-onnx-operator"],
)
def test_a_model_that_cannot_be_exported_is_refused_with_the_reason(tmp_path: Path, forward: Any, part: str) -> None:
    with pytest.raises(InputError, match=part):
        convert(network(forward), tmp_path)


@pytest.mark.parametrize(
    ("forward", "part"),
    [
        (lambda x: x.flatten(1)[:, (x.flatten() > -9).nonzero().flatten()], "output depends on the data"),
        (lambda x: x.flatten(1) if float(x.mean()) > 0 else -x.flatten(1), "not the model"),
        (lambda x: x.flatten(1).erf(), "'tf.Erf' op"),
    ],
    ids=["shape", "branch", "operator"],
)
def test_a_model_that_conversion_would_change_is_refused_in_the_worker(tmp_path: Path, forward: Any, part: str) -> None:
    calibration = np.stack([np.full((8, 8, 1), level, np.float32) for level in (-1.0, -0.5, 0.5, 1.0)])
    calibration += np.random.default_rng(1).normal(0, 0.01, calibration.shape).astype(np.float32)

    with pytest.raises(InputError, match=part):
        convert(network(forward), tmp_path, calibration)
    assert not (tmp_path / "model.tflite").exists()
    assert (tmp_path / "model.convert.log").is_file()


def test_what_is_not_a_module_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the model is a function, not"):
        convert(lambda x: x, tmp_path)


def test_missing_packages_are_named_with_the_way_to_get_them(
    digits: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "onnx2tf" else find(name, *a))

    with pytest.raises(ToolError, match=r"needs onnx2tf\n.*pip install 'edgekd\[convert\]'"):
        convert(digits.model, tmp_path)
