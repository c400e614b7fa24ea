"""Sums whose results lie as close to a half as an int32 can bring them: the last bit of every factor decides.

Ordinary samples do not see whether a factor was computed in single or double precision: the fully connected
autoencoder of MLPerf Tiny shows a difference in one value of 60,000.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from host_model import build_host_model
from tflite_builder import ModelBuilder

from edgekd.compiler import compile_model
from edgekd.convert import tflm

_CLOSE = np.arange(-2, 3)


def biases_near_halves(factor: float) -> np.ndarray:
    """Biases that `factor` brings next to every half an int8 result can round at."""
    halves = np.arange(-120, 120) + 0.5
    return (np.round(halves / factor)[:, None] + _CLOSE).astype(np.int32).reshape(-1)


def layer(kind: str, per_channel: bool, chance: np.random.Generator) -> bytes:
    """One layer with weights of zero, so that the biases alone are the sums."""
    s_in, s_out = (float(np.float32(chance.uniform(low, 2 * low))) for low in (1e-4, 0.05))
    s_weights = float(np.float32(chance.uniform(1e-4, 2e-4)))
    bias = biases_near_halves(s_in * s_weights / s_out)
    count = len(bias)
    shapes = {
        "FULLY_CONNECTED": ((1, 4), (count, 4), (1, count), 0),
        "CONV_2D": ((1, 1, 1, 4), (count, 1, 1, 4), (1, 1, 1, count), 0),
        "DEPTHWISE_CONV_2D": ((1, 1, 1, count), (1, 1, 1, count), (1, 1, 1, count), 3),
    }
    source, weights, target, axis = shapes[kind]
    scales = [s_weights] * count if per_channel else s_weights
    bias_scale = np.multiply(scales, s_in)
    model = ModelBuilder()
    x, y = model.tensor(source, scale=s_in), model.tensor(target, scale=s_out)
    w = model.tensor(weights, scale=scales, axis=axis, data=np.zeros(weights))
    b = model.tensor((count,), "int32", scale=bias_scale, data=bias)
    options: dict[str, object] = {} if kind == "FULLY_CONNECTED" else {"stride_w": 1, "stride_h": 1}
    if kind == "DEPTHWISE_CONV_2D":
        options["depth_multiplier"] = 1
    model.operator(kind, [x, w, b], [y], **options)
    return model.build([x], [y])


def assert_same(data: bytes, inputs: list[np.ndarray], folder: Path) -> None:
    path = folder / "m.tflite"
    path.write_bytes(data)
    compiled = compile_model(path, folder / "c", target="host")
    ours = build_host_model(compiled, objects=folder).run([inputs])[0]
    for a, b in zip(ours, tflm.run(path, [inputs]).outputs[0], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.cc
@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("kind", ["FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D"])
def test_layers_round_halves_as_the_oracle(tmp_path: Path, kind: str, per_channel: bool) -> None:
    chance = np.random.default_rng(0)
    for _ in range(2):
        data = layer(kind, per_channel, chance)
        count = 240 * len(_CLOSE)
        shape = {"FULLY_CONNECTED": (1, 4), "CONV_2D": (1, 1, 1, 4), "DEPTHWISE_CONV_2D": (1, 1, 1, count)}[kind]
        assert_same(data, [np.zeros(shape, np.int8)], tmp_path)


@pytest.mark.cc
@pytest.mark.parametrize("kind", ["ADD", "SUB", "MUL"])
def test_every_pair_of_values_gives_the_oracles_result(tmp_path: Path, kind: str) -> None:
    """All 65,536 pairs under forty scales of the output."""
    chance = np.random.default_rng(1)
    model = ModelBuilder()
    a, b = (values.astype(np.int8).reshape(1, -1) for values in np.meshgrid(*[np.arange(-128, 128)] * 2))

    def tensor() -> int:
        return model.tensor(a.shape, scale=chance.uniform(0.02, 0.5), zero_point=int(chance.integers(-128, 128)))

    x0, x1 = tensor(), tensor()
    outputs = [tensor() for _ in range(40)]
    for y in outputs:
        model.operator(kind, [x0, x1], [y])
    assert_same(model.build([x0, x1], outputs), [a, b], tmp_path)
