"""Depthwise layers of other windows than 3x3 on the DSP extension's kernel, byte by byte against TensorFlow Lite
Micro."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from compiler.ops.test_against_oracle import objects  # noqa: F401 (a fixture)
from graph_parts.maker import Maker, Value
from random_runs import graph_differing_on_host

from edgekd.compiler import PlanOptions, compile_model
from edgekd.compiler.plan import Optimize

pytestmark = pytest.mark.cc
_KERNEL = "edgekd_depthwise_conv_2d_s8_dsp"


def depthwise(
    m: Maker, x: Value, taps: tuple[int, int], stride: int = 1, dilation: int = 1, depth_multiplier: int = 1
) -> None:
    images, height, width, channels = x.shape
    outputs = channels * depth_multiplier
    scales = [float(scale) for scale in m.random.uniform(0.005, 0.05, outputs).astype(np.float32)]
    weights = m.model.tensor((1, *taps, outputs), "int8", scale=scales, axis=3, data=m.int8((1, *taps, outputs)))
    bias = m.random.integers(-9999, 9999, outputs, np.int64)
    bias_scales = [float(np.float32(x.scale) * np.float32(scale)) for scale in scales]
    biases = m.model.tensor((outputs,), "int32", scale=bias_scales, data=bias)
    y = m.value(
        (images, -(-height // stride), -(-width // stride), outputs),
        float(np.float32(x.scale * 3 * (taps[0] * taps[1]) ** 0.5)),
    )
    m.model.operator(
        "DEPTHWISE_CONV_2D",
        [x.index, weights, biases],
        [y.index],
        depth_multiplier=depth_multiplier,
        fused_activation_function=m.activation(),
        padding="SAME",
        stride_h=stride,
        stride_w=stride,
        dilation_h_factor=dilation,
        dilation_w_factor=dilation,
    )
    m.outputs.append(y)


@pytest.mark.parametrize("optimize", ["speed", "ram"])
def test_windows(optimize: Optimize, tmp_path: Path, objects: Path) -> None:  # noqa: F811
    """Each entry, on images whose planes are gathered at once, some rows at a time, and row by row."""
    kernels = []
    m = Maker()
    for taps, stride, dilation, depth_multiplier, kernel in [
        ((5, 5), 1, 1, 1, "edgekd_depthwise_5_wide_s8_dsp"),
        ((5, 5), 2, 1, 1, "edgekd_depthwise_5_wide_stride_2_s8_dsp"),
        ((2, 6), 1, 1, 2, "edgekd_depthwise_5_wide_s8_dsp"),
        ((3, 3), 1, 1, 3, "edgekd_depthwise_3_wide_s8_dsp"),
        ((4, 4), 2, 1, 1, "edgekd_depthwise_3_wide_stride_2_s8_dsp"),
        ((3, 3), 1, 2, 1, "edgekd_depthwise_3_wide_s8_dsp"),
        ((3, 3), 1, 5, 2, "edgekd_depthwise_3_wide_s8_dsp"),
        ((3, 3), 3, 1, 1, _KERNEL),
        ((7, 7), 1, 1, 1, _KERNEL),
        ((1, 9), 1, 3, 1, _KERNEL),
        ((5, 1), 1, 1, 1, _KERNEL),
    ]:
        for shape in [(2, 3, 3, 3), (1, 9, 12, 5), (1, 60, 40, 2)]:
            m.begin("depthwise", len(kernels))
            depthwise(m, m.input(shape), taps, stride, dilation, depth_multiplier)
            kernels.append(kernel)
    options = PlanOptions("arena", optimize)
    assert not graph_differing_on_host(m.build("depthwise"), tmp_path, objects, "cortex-m4", options)
    compiled = compile_model(tmp_path / "model.tflite", tmp_path / "again", target="cortex-m4", options=options)
    assert [operator.kernel for operator in compiled.operators] == kernels
