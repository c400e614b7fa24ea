"""Channels that never change are left out, and no byte of the results differs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from host_model import build_host_model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_runs import HOST_TARGETS
from tflite_builder import ModelBuilder

from edgekd.compiler import CompiledModel, compile_model, quantize
from edgekd.compiler.constant_channels import Bounds, result_bounds
from edgekd.compiler.graph import Quantization, Tensor
from edgekd.compiler.layers import Axis, Convolution, Dense, Depthwise, Scaling, Window
from edgekd.convert import tflm

_SAMPLES = 3


class Net:
    """A chain of layers of which some channels fade."""

    def __init__(self, seed: int, shape: tuple[int, ...] = (1, 5, 6, 3)) -> None:
        self.chance = np.random.default_rng(seed)
        self.model = ModelBuilder()
        self.zero_point = -4
        self.shape = shape
        self.x = self.first = self.model.tensor(shape, scale=0.05, zero_point=self.zero_point)

    def sums(
        self,
        name: str,
        weights: npt.NDArray[Any],
        shape: tuple[int, ...],
        *,
        faded: npt.NDArray[np.bool_],
        zero_point: int = -128,
        shift: int = 0,
        **options: Any,
    ) -> None:
        """faded: channels whose scale is next to nothing. shift: of their biases, in steps of the output."""
        outputs, axis = shape[-1], weights.ndim - 1 if name == "DEPTHWISE_CONV_2D" else 0
        scales = self.chance.uniform(0.01, 0.03, outputs)
        scales[faded] = 1e-7
        biases = self.chance.integers(-200, 200, outputs)
        biases[faded] = np.int64(np.clip(shift * 0.1 / (0.05 * 1e-7), -(2**31), 2**31 - 1))
        w = self.model.tensor(weights.shape, scale=scales, axis=axis, data=weights)
        b = self.model.tensor((outputs,), "int32", scale=0.05 * scales, data=biases)
        y = self.model.tensor(shape, scale=0.1, zero_point=zero_point)
        self.model.operator(name, [self.x, w, b], [y], **options)
        self.x, self.shape, self.zero_point = y, shape, zero_point

    def weights(self, *shape: int) -> npt.NDArray[np.int8]:
        return self.chance.integers(-127, 128, shape).astype(np.int8)

    def convolution(self, outputs: int, taps: int, faded: float, padding: str = "SAME", **how: Any) -> None:
        _, height, width, channels = self.shape
        less = taps - 1 if padding == "VALID" else 0
        self.sums(
            "CONV_2D",
            self.weights(outputs, taps, taps, channels),
            (1, height - less, width - less, outputs),
            faded=self.chance.permutation(outputs) < faded * outputs,
            padding=padding,
            stride_w=1,
            stride_h=1,
            fused_activation_function="RELU",
            **how,
        )

    def depthwise(self, taps: int, faded: float, **how: Any) -> None:
        self.sums(
            "DEPTHWISE_CONV_2D",
            self.weights(1, taps, taps, self.shape[3]),
            self.shape,
            faded=self.chance.permutation(self.shape[3]) < faded * self.shape[3],
            padding="SAME",
            stride_w=1,
            stride_h=1,
            depth_multiplier=1,
            **how,
        )

    def pool(self, kind: str) -> None:
        _, height, width, channels = self.shape
        self.shape = (1, height // 2, width // 2, channels)
        y = self.model.tensor(self.shape, scale=0.1, zero_point=self.zero_point)
        options = {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2, "padding": "VALID"}
        self.model.operator(f"{kind}_POOL_2D", [self.x], [y], **options)
        self.x = y

    def dense(self, outputs: int, faded: float) -> None:
        """Over the whole image."""
        self.shape = (1, int(np.prod(self.shape)))
        flat = self.model.tensor(self.shape, scale=0.1, zero_point=self.zero_point)
        self.model.operator("RESHAPE", [self.x], [flat], new_shape=list(self.shape))
        self.x = flat
        weights = self.weights(outputs, self.shape[1])
        self.sums(
            "FULLY_CONNECTED",
            weights,
            (1, outputs),
            faded=self.chance.permutation(outputs) < faded * outputs,
            zero_point=5,
        )

    def build(self, *more_outputs: int) -> bytes:
        built: bytes = self.model.build([self.first], [self.x, *more_outputs])
        return built


def compiled_and_equal(data: bytes, folder: Path, target: str = "host", objects: Path | None = None) -> CompiledModel:
    path = folder / "model.tflite"
    path.write_bytes(data)
    compiled = compile_model(path, folder / "c", target=target, name="model")
    chance = np.random.default_rng(0)
    inputs = [[chance.integers(-128, 128, tensor.shape).astype(np.int8) for tensor in compiled.inputs]] * _SAMPLES
    expected = tflm.run(path, inputs).outputs
    actual = build_host_model(compiled, sanitize=True, objects=objects, flags=HOST_TARGETS[target]).run(inputs)
    for wanted, got in zip(expected, actual, strict=True):
        for a, b in zip(wanted, got, strict=True):
            np.testing.assert_array_equal(b.reshape(-1), a.reshape(-1))
    return compiled


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("objects")


@pytest.mark.cc
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32 - 1),
    faded=st.lists(st.sampled_from([0.0, 0.3, 0.7, 1.0]), min_size=5, max_size=5),
    shifts=st.lists(st.sampled_from([0, 0, 7, -3]), min_size=3, max_size=3),
    padding=st.sampled_from(["SAME", "VALID"]),
    pool=st.sampled_from([None, "AVERAGE", "MAX"]),
    target=st.sampled_from(sorted(HOST_TARGETS)),
)
def test_faded_networks_give_the_oracles_bytes(
    tmp_path: Path,
    objects: Path,
    seed: int,
    faded: list[float],
    shifts: list[int],
    padding: str,
    pool: str | None,
    target: str,
) -> None:
    net = Net(seed)
    net.convolution(20, 3, faded[0], shift=shifts[0])
    net.depthwise(3, faded[1], shift=shifts[1])
    net.convolution(24, 1, faded[2], shift=shifts[2], zero_point=-100)
    if pool:
        net.pool(pool)
    net.convolution(17, 2, faded[3], padding)
    net.dense(9, faded[4])
    compiled_and_equal(net.build(), tmp_path, target, objects)


def shapes(compiled: CompiledModel) -> list[int]:
    """Channels of each operator's output."""
    return [operator.outputs[0][-1] for operator in compiled.operators]


@pytest.mark.cc
def test_a_faded_channel_leaves_every_layer_it_passes(tmp_path: Path) -> None:
    net = Net(1)
    net.convolution(32, 1, faded=0.8)
    net.depthwise(3, faded=0.0, fused_activation_function="RELU")
    net.pool("MAX")
    net.dense(4, faded=0.0)
    # A depthwise channel over nothing but zero points, padding among them, is its bias alone.
    compiled = compiled_and_equal(net.build(), tmp_path)
    assert shapes(compiled)[:3] == [8, 8, 8]
    assert compiled.operators[4].inputs == ((1, 8 * 2 * 3),)
    assert (compiled.channels, compiled.constant_channels) == (32 + 32 + 4, 24 + 24)
    assert compiled.macs == 30 * 32 * 3 + 30 * 32 * 9 + 4 * 32 * 6


@pytest.mark.cc
@pytest.mark.parametrize(("padding", "channels"), [("SAME", 16), ("VALID", 4)])
def test_beside_padding_only_the_zero_point_can_go(tmp_path: Path, padding: str, channels: int) -> None:
    net = Net(2)
    net.convolution(16, 1, faded=1.0, shift=11)
    net.convolution(5, 3, faded=0.0, padding=padding)
    assert shapes(compiled_and_equal(net.build(), tmp_path))[0] == channels


@pytest.mark.cc
def test_a_channel_that_nothing_reads_goes(tmp_path: Path) -> None:
    net = Net(3)
    net.convolution(16, 3, faded=0.0)
    weights = net.weights(6, 1, 1, 16)
    weights[..., 5:] = 0
    how: dict[str, Any] = {"padding": "VALID", "stride_w": 1, "stride_h": 1}
    net.sums("CONV_2D", weights, (1, 5, 6, 6), faded=np.zeros(6, np.bool_), **how)
    assert shapes(compiled_and_equal(net.build(), tmp_path)) == [8, 6]


@pytest.mark.cc
@pytest.mark.parametrize("also", ["an output", "an operand"])
def test_a_tensor_that_others_want_stays_whole(tmp_path: Path, also: str) -> None:
    net = Net(4)
    net.convolution(16, 1, faded=1.0)
    inner = net.x
    net.convolution(3, 1, faded=0.0)
    more = inner
    if also == "an operand":
        more = net.model.tensor((1, 5, 6, 16), scale=0.2)
        net.model.operator("ADD", [inner, inner], [more])
    assert shapes(compiled_and_equal(net.build(more), tmp_path))[0] == 16


def quantized(shape: tuple[int, ...], zero_point: int) -> Tensor:
    return Tensor(0, "", shape, "int8", Quantization(np.array([0.1], np.float32), np.array([zero_point])))


def dense(layer: dict[str, Any], weights: npt.NDArray[np.int8], zero_point: int) -> Dense:
    return Dense(weights=weights.reshape(len(weights), -1), rows=1, **layer)


def convolution(layer: dict[str, Any], weights: npt.NDArray[np.int8], zero_point: int) -> Convolution:
    axis = Axis(3, 2, 1, 1, 3, 0)  # the last window leaves the image
    return Convolution(weights=weights, window=Window(axis, axis, 1, weights.shape[3]), groups=1, **layer)


def depthwise(layer: dict[str, Any], weights: npt.NDArray[np.int8], zero_point: int) -> Depthwise:
    axis = Axis(3, 2, 1, 1, 3, 0)
    mine = np.ascontiguousarray(weights[:, :, :, 0].transpose(1, 2, 0))
    return Depthwise(weights=mine, window=Window(axis, axis, 1, len(weights)), depth_multiplier=1, **layer)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    make=st.sampled_from([dense, convolution, depthwise]),
    seed=st.integers(0, 2**32 - 1),
    multiplier=st.sampled_from([0, 1 << 30, (1 << 31) - 1, 1_500_000_000]),
    shift=st.integers(-31, 3),
    largest_bias=st.sampled_from([0, 1000, 2**31 - 1]),
)
def test_no_result_is_out_of_bounds(
    make: Callable[..., Dense | Convolution | Depthwise], seed: int, multiplier: int, shift: int, largest_bias: int
) -> None:
    chance = np.random.default_rng(seed)
    outputs, zero_point = 4, int(chance.integers(-128, 128))
    weights = chance.integers(-128, 128, (outputs, 2, 2, outputs)).astype(np.int8)
    bias = chance.integers(-largest_bias, largest_bias + 1, outputs).astype(np.int32)
    scaling = Scaling(np.array([multiplier], np.int32), np.array([shift], np.int8), -7, -128, 120)
    tensor = quantized((1, 3, 3, outputs), zero_point)
    common = {"source": tensor, "target": tensor, "bias": bias, "bias_is_weight": True, "scaling": scaling}
    layer = make(common, weights, zero_point)
    least = chance.integers(-128, 128, outputs)
    most = np.minimum(127, least + chance.integers(0, 40, outputs))

    bounds = result_bounds(layer, Bounds(least, most))

    rows = layer.by_output().astype(np.int64)
    for _ in range(20):
        inputs = chance.integers(least, most + 1, (4, outputs))  # [taps][channels]
        if make is not dense and chance.random() < 0.5:
            inputs[1] = zero_point
        products = rows * inputs.T if make is depthwise else rows * inputs.reshape(-1)
        sums = bias + products.sum(axis=1)
        for channel, value in enumerate(sums):
            scaled = quantize.requantize(quantize.wrap(int(value)), multiplier, shift)
            result = min(max(scaled + scaling.zero_point, scaling.lowest), scaling.highest)
            assert bounds.least[channel] <= result <= bounds.most[channel]
