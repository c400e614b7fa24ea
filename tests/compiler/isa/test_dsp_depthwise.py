"""3x3 depthwise layers, one after the other, on the DSP extension's kernels: over whole images and row by row, over
their inputs and beside them, byte by byte against TensorFlow Lite Micro."""

from __future__ import annotations

from pathlib import Path

import pytest
from compiler.ops.test_against_oracle import objects  # noqa: F401 (a fixture)
from graph_parts import windowed
from graph_parts.maker import Maker, Value
from random_runs import graph_differing_on_host

from edgekd.compiler import PlanOptions, compile_model
from edgekd.compiler.plan import Optimize

pytestmark = pytest.mark.cc
_STRIDE_1 = "edgekd_depthwise_3x3_stride_1"
_STRIDE_2 = "edgekd_depthwise_3x3_stride_2"


def depthwise_3x3(m: Maker, x: Value, stride: int, padding: str, activation: str, zero_point: int | None) -> Value:
    images, height, width, channels = x.shape
    covered = 1 if padding == "SAME" else 3
    weights, scale = windowed._weights(m, x, (1, 3, 3, channels), channels, 3, 9)
    output = [(n + stride - covered) // stride for n in (height, width)]
    y = m.value((images, *output, channels), scale, zero_point)
    m.model.operator(
        "DEPTHWISE_CONV_2D",
        [x.index, *weights],
        [y.index],
        depth_multiplier=1,
        fused_activation_function=activation,
        padding=padding,
        stride_h=stride,
        stride_w=stride,
    )
    return y


def layers(m: Maker) -> None:
    """Up to three of them on an image of random shape."""
    x = m.input((m.pick([1, 1, 1, 2]), m.between(1, 14), m.between(1, 14), m.between(4, 12)))
    for _ in range(m.between(1, 3)):
        padding = m.pick(["SAME", "SAME", "VALID"]) if min(x.shape[1:3]) > 2 else "SAME"
        x = depthwise_3x3(m, x, m.pick([1, 1, 2]), padding, m.activation(), m.pick([-128, None]))
    m.outputs.append(x)


@pytest.mark.parametrize("optimize", ["speed", "balanced", "ram"])
@pytest.mark.parametrize("seed", [1, 2])
def test_random_layers_equal_the_oracle(
    optimize: Optimize,
    seed: int,
    tmp_path: Path,
    objects: Path,  # noqa: F811
) -> None:
    m = Maker()
    for part in range(20):
        m.begin("depthwise", 1000 * seed + part)
        layers(m)
    assert not graph_differing_on_host(
        m.build("depthwise"), tmp_path, objects, "cortex-m4", PlanOptions("arena", optimize)
    )


@pytest.mark.parametrize(
    ("shape", "stride"), [((1, 25, 5, 8), 1), ((1, 5, 25, 8), 1), ((1, 60, 60, 4), 1), ((1, 9, 9, 5), 2)]
)
def test_tall_wide_and_large_images(shape: tuple[int, ...], stride: int, tmp_path: Path, objects: Path) -> None:  # noqa: F811
    """Windows slide along the longer axis where planes fit in scratch; where they do not, some rows at a time."""
    m = Maker()
    m.begin("depthwise", 7)
    m.outputs.append(depthwise_3x3(m, m.input(shape), stride, "SAME", "RELU", -128))
    graph = m.build("depthwise")
    assert not graph_differing_on_host(graph, tmp_path, objects, "cortex-m4")
    (operator,) = compile_model(tmp_path / "model.tflite", tmp_path / "again", target="cortex-m4").operators
    assert operator.kernel == f"{_STRIDE_1 if stride == 1 else _STRIDE_2}_relu_s8_dsp"


def test_a_layer_takes_its_input_s_memory(tmp_path: Path) -> None:
    m = Maker()
    m.begin("depthwise", 8)
    x = m.input((1, 12, 12, 32))
    for _ in range(3):
        x = depthwise_3x3(m, x, 1, "SAME", "RELU", -128)
    m.outputs.append(x)
    path = tmp_path / "model.tflite"
    path.write_bytes(m.build("depthwise").data)
    compiled = compile_model(path, tmp_path / "c", target="cortex-m4", options=PlanOptions("arena"))
    assert compiled.arena_bytes == 12 * 12 * 32 + 14 * 14 * 4
    assert all(stage.order == "whole" for stage in compiled.plan.stages)
