"""The vector kernels on an emulated Cortex-M55: random layers, byte by byte against TensorFlow Lite Micro.

EDGEKD_MVE_SEEDS=100-140 pytest tests/emulated/test_kernels_mve.py     # others than the usual ones
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from graph_parts import elementwise, windowed
from graph_parts.maker import Maker, Operator, RandomGraph, Value

from edgekd.compiler import compile_model
from edgekd.convert import tflm
from edgekd.evaluate.board import board_under_test

pytestmark = pytest.mark.emulated

_SAMPLES = 3
_LAYERS = 10  # of one kind in a model: one firmware runs them all
# Around the lanes of the instructions: 4 sums, 8 and 16 products.
_CHANNELS = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 32, 35)


def _image(m: Maker) -> Value:
    return m.input((m.pick([1, 1, 2]), m.between(1, 9), m.between(1, 9), m.pick(_CHANNELS)))


def _flat(m: Maker) -> Value:
    return m.input((m.between(1, 5), m.between(1, 70)))


def _short(m: Maker) -> Value:
    """Less than a vector."""
    return m.input((1, m.between(1, 15)))


def _channels_times(m: Maker, x: Value) -> Value:
    """Each channel times its number, as in squeeze-and-excitation."""
    numbers = m.input((1, 1, 1, x.shape[3])) if x.shape[0] == 1 else m.constant_value(x.shape[3:])
    a, b = (x, numbers) if m.chance(0.5) else (numbers, x)
    y = m.value(x.shape, float(np.float32(a.scale * b.scale * 60)))
    m.model.operator("MUL", [a.index, b.index], [y.index], fused_activation_function=m.activation())
    return y


def _mean(m: Maker, x: Value) -> Value:
    y = m.value((x.shape[0], x.shape[3]), x.scale)
    m.model.operator("MEAN", [x.index, m.constant([1, 2])], [y.index], keep_dims=False)
    return y


def _chain(m: Maker, x: Value) -> Value:
    """What networks are made of, so that layers are computed row by row and over their inputs."""
    x = windowed.conv_2d(m, x)
    for _ in range(2):
        x = windowed.depthwise_conv_2d(m, x)
        x = windowed.conv_2d(m, x)
    return x


_KINDS: dict[str, tuple[Operator | Callable[[Maker, Value], Value], Callable[[Maker], Value], str]] = {
    "convolution": (windowed.conv_2d, _image, "conv_2d_s8_mve"),
    "depthwise": (windowed.depthwise_conv_2d, _image, "depthwise_conv_2d_s8_mve"),
    "dense": (windowed.fully_connected, _flat, "fully_connected_s8_mve"),
    "short row": (windowed.fully_connected, _short, "fully_connected_short_s8_mve"),
    "average pool": (windowed.average_pool_2d, _image, "average_pool_2d_s8_mve"),
    "max pool": (windowed.max_pool_2d, _image, "max_pool_2d_s8_mve"),
    "add": (elementwise.add, _image, "add_s8_mve"),
    "sub": (elementwise.sub, _image, "add_s8_mve"),
    "mul": (elementwise.mul, _image, "mul_s8_mve"),
    "mul of channels": (_channels_times, _image, "mul_rows_s8_mve"),
    "mean": (_mean, _image, "mean_pixels_s8_mve"),
    "chain": (_chain, _image, "fully_connected_s8_mve"),
}


def _graph(kind: str, seed: int) -> RandomGraph:
    make, source, _ = _KINDS[kind]
    m = Maker()
    for layer in range(_LAYERS):
        m.begin(f"{kind} {layer}", seed * 1000 + layer)
        m.outputs.append(make(m, source(m)))
    return m.build(kind)


def _seeds() -> list[int]:
    first, _, last = os.environ.get("EDGEKD_MVE_SEEDS", "1-1").partition("-")
    return list(range(int(first), int(last) + 1))


@pytest.mark.parametrize("seed", _seeds())
@pytest.mark.parametrize("kind", _KINDS)
def test_random_layers_are_exact(kind: str, seed: int, tmp_path: Path) -> None:
    path = tmp_path / "layers.tflite"
    graph = _graph(kind, seed)
    path.write_bytes(graph.data)
    samples = graph.samples(_SAMPLES)
    expected = tflm.run(path, samples).outputs
    kernels = [operator.kernel for operator in compile_model(path, tmp_path / "c", target="cortex-m55").operators]
    assert sum(f"edgekd_{_KINDS[kind][2]}" == kernel for kernel in kernels) >= 2, kernels
    with board_under_test(path, "mps3-an547") as board:
        answers = board.stream(samples)
        differing = {
            f"{board.graph.outputs[n].name}, sample {sample}"
            for sample, (ours, theirs) in enumerate(zip(answers.outputs, expected, strict=True))
            for n in range(len(theirs))
            if ours[n].tobytes() != theirs[n].tobytes()
        }
    assert not differing, kernels
