"""Small models whose instructions are guarded: one for each kind of layer that networks spend their time in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tflite_builder import ModelBuilder

import edgekd

COUNTS = Path(__file__).with_name("emulated") / "instruction_counts.json"  # written by scripts/bench_engine
# Kernels in portable C, for DSP instructions, for vectors; and another compiler.
BOARDS = ("mps2-an385", "mps2-an386", "mps3-an547", "qemu-riscv32")
_RELU = {"fused_activation_function": "RELU"}


def counted_models() -> dict[str, bytes]:
    """The .tflite files by name, always the same bytes."""
    return {"separable": _separable(), "residual": _residual(), "dense": _dense()}


def count(name: str, model: bytes, board: str, folder: Path) -> int:
    """Instructions of one inference on an emulated board. `folder` holds the file meanwhile."""
    path = folder / f"{name}.tflite"
    path.write_bytes(model)
    result = edgekd.bench(path, board, samples=1)
    assert result["bit_exact"]["equal"] == 1
    instructions: int = result["per_inference"]["instructions"]
    return instructions


class _Layers:
    """Layers one after the other; weights and scales come from a seed."""

    def __init__(self, seed: int, shape: tuple[int, ...]) -> None:
        self.model = ModelBuilder()
        self._chance = np.random.default_rng(seed)
        self.input = self._tensor(shape)

    def conv(self, x: int, shape: tuple[int, ...], kernel: int, channels: int, stride: int = 1) -> int:
        weights = self._weights((shape[3], kernel, kernel, channels), 0)
        return self._window("CONV_2D", [x, *weights], shape, stride)

    def depthwise(self, x: int, shape: tuple[int, ...], stride: int = 1) -> int:
        weights = self._weights((1, 3, 3, shape[3]), 3)
        return self._window("DEPTHWISE_CONV_2D", [x, *weights], shape, stride, depth_multiplier=1)

    def dense(self, x: int, inputs: int, outputs: int) -> int:
        y = self._tensor((1, outputs))
        self.model.operator("FULLY_CONNECTED", [x, *self._weights((outputs, inputs), 0, 1)], [y], **_RELU)
        return y

    def add(self, a: int, b: int, shape: tuple[int, ...]) -> int:
        y = self._tensor(shape)
        self.model.operator("ADD", [a, b], [y], **_RELU)
        return y

    def pooled(self, x: int, size: int, channels: int) -> int:
        y, flat = self._tensor((1, 1, 1, channels), 0.04), self._tensor((1, channels), 0.04)
        window = {"filter_width": size, "filter_height": size, "stride_w": size, "stride_h": size}
        self.model.operator("AVERAGE_POOL_2D", [x], [y], padding="VALID", **window)
        self.model.operator("RESHAPE", [y], [flat], new_shape=[1, channels])
        return flat

    def build(self, output: int) -> bytes:
        return self.model.build([self.input], [output])

    def _window(self, name: str, inputs: list[int], shape: tuple[int, ...], stride: int, **options: int) -> int:
        y = self._tensor(shape)
        self.model.operator(name, inputs, [y], stride_w=stride, stride_h=stride, padding="SAME", **options, **_RELU)
        return y

    def _tensor(self, shape: tuple[int, ...], scale: float = 0.04) -> int:
        return self.model.tensor(shape, scale=scale, zero_point=-128)

    def _weights(self, shape: tuple[int, ...], axis: int, scales: int | None = None) -> tuple[int, int]:
        """Weights and biases; one scale a channel unless a number is given."""
        channels = shape[axis]
        scale = self._chance.uniform(0.004, 0.01, scales or channels).astype(np.float32)
        values = self._chance.integers(-127, 128, shape)
        biases = self._chance.integers(-2000, 2000, channels)
        return (
            self.model.tensor(shape, scale=scale, axis=axis, data=values),
            self.model.tensor((channels,), "int32", scale=scale * np.float32(0.04), data=biases),
        )


def _separable() -> bytes:
    """MobileNet's layers: 3x3 from an image, then depthwise 3x3 and 1x1, at both strides."""
    net = _Layers(1, (1, 32, 32, 3))
    x = net.conv(net.input, (1, 16, 16, 16), kernel=3, channels=3, stride=2)
    x = net.conv(net.depthwise(x, (1, 16, 16, 16)), (1, 16, 16, 32), kernel=1, channels=16)
    x = net.conv(net.depthwise(x, (1, 8, 8, 32), stride=2), (1, 8, 8, 64), kernel=1, channels=32)
    return net.build(net.dense(net.pooled(x, 8, 64), 64, 10))


def _residual() -> bytes:
    """ResNet's layers: 3x3 beside a shortcut."""
    net = _Layers(2, (1, 8, 8, 32))
    shape = (1, 8, 8, 32)
    x = net.conv(net.conv(net.input, shape, kernel=3, channels=32), shape, kernel=3, channels=32)
    return net.build(net.dense(net.pooled(net.add(net.input, x, shape), 8, 32), 32, 10))


def _dense() -> bytes:
    """An autoencoder's layers."""
    net = _Layers(3, (1, 256))
    return net.build(net.dense(net.dense(net.input, 256, 128), 128, 128))
