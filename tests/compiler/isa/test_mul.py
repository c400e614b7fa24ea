"""MUL of a tensor and the numbers of its channels on each core's kernel, byte by byte against TensorFlow Lite Micro."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from compiler.ops.test_against_oracle import objects  # noqa: F401 (a fixture)
from graph_parts.maker import Maker, Value
from random_runs import graph_differing_on_host

from edgekd.compiler import compile_model

pytestmark = pytest.mark.cc


def mul(m: Maker, a: Value, b: Value, factor: float) -> None:
    shape = max(a.shape, b.shape, key=lambda shape: int(np.prod(shape)))
    y = m.value(shape, float(np.float32(a.scale * b.scale / factor)))
    m.model.operator("MUL", [a.index, b.index], [y.index], fused_activation_function=m.activation())
    m.outputs.append(y)


@pytest.mark.parametrize(
    ("target", "suffix"), [("cortex-m4", "_dsp"), ("cortex-m3", "_scalar"), ("rv32imc", "_scalar")]
)
def test_channels_times_their_numbers(target: str, suffix: str, tmp_path: Path, objects: Path) -> None:  # noqa: F811
    m = Maker()
    for part, (shape, other, factor) in enumerate(
        [
            ((1, 6, 5, 17), (1, 1, 1, 17), 0.002),
            ((2, 3, 3, 8), (8,), 0.02),
            ((1, 4, 4, 3), (4, 3), 0.4),
            ((3, 50), (3, 50), 0.02),
        ]
    ):
        m.begin("mul", part)
        mul(m, m.input(shape), m.input(other), factor)
        mul(m, m.constant_value(other), m.input(shape), factor)
    assert not graph_differing_on_host(m.build("mul"), tmp_path, objects, target)
    kernels = [
        op.kernel for op in compile_model(tmp_path / "model.tflite", tmp_path / "again", target=target).operators
    ]
    assert kernels == [f"edgekd_mul_rows_s8{suffix}"] * 6 + [f"edgekd_mul_s8{suffix}"] * 2


@pytest.mark.parametrize("target", ["cortex-m4", "cortex-m3"])
def test_other_shapes_and_large_factors_stay_with_the_portable_kernels(
    target: str,
    tmp_path: Path,
    objects: Path,  # noqa: F811
) -> None:
    m = Maker()
    for part, (shape, other, factor) in enumerate(
        [((2, 3, 3, 4), (2, 1, 1, 4), 0.02), ((5, 4), (1,), 0.02), ((9,), (9,), 3)]
    ):
        m.begin("mul", part)
        mul(m, m.input(shape), m.input(other), factor)
    assert not graph_differing_on_host(m.build("mul"), tmp_path, objects, target)
    kernels = [
        op.kernel for op in compile_model(tmp_path / "model.tflite", tmp_path / "again", target=target).operators
    ]
    assert kernels == ["edgekd_mul_broadcast_s8"] * 2 + ["edgekd_mul_s8"]
