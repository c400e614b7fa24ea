"""ADD and SUB on the DSP extension's kernels: which one, and every pair of operands against TensorFlow Lite Micro."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from compiler.ops.test_against_oracle import objects  # noqa: F401 (a fixture)
from graph_parts.maker import Maker, RandomGraph
from host_model import build_host_model
from random_runs import graph_differing_on_host

from edgekd.compiler import compile_model
from edgekd.convert import tflm

pytestmark = pytest.mark.cc


def sum_of(
    operator: str, scales: tuple[float, float, float], zero_points: tuple[int, int, int], activation: str, count: int
) -> RandomGraph:
    m = Maker()
    m.begin(operator, 1)
    a, b, y = (
        m.typed((1, count), "int8", float(np.float32(scale)), zero_point)
        for scale, zero_point in zip(scales, zero_points, strict=True)
    )
    m.inputs += [a, b]
    m.outputs.append(y)
    m.model.operator(operator, [a.index, b.index], [y.index], fused_activation_function=activation)
    return m.build(operator)


@pytest.mark.parametrize("operator", ["ADD", "SUB"])
@pytest.mark.parametrize(
    ("scales", "zero_points", "activation", "kernel"),
    [
        ((0.0131327, 0.0371913, 0.0412171), (-128, 4, -128), "RELU", "edgekd_add_s8_dsp"),
        ((0.0905431, 0.0217391, 0.0817733), (17, -3, 5), "NONE", "edgekd_add_s8_dsp"),
        ((0.05, 0.05, 0.1), (0, 0, 0), "NONE", "edgekd_add_away_s8_dsp"),  # halves of both signs
        ((0.05, 0.05, 0.1), (-7, 20, 3), "RELU", "edgekd_add_s8"),  # limits other than int8's
        ((1.0, 1.0, 0.1), (0, 0, 0), "NONE", "edgekd_add_s8"),  # more than the sum has bits for
    ],
)
def test_every_pair_of_operands(
    operator: str,
    scales: tuple[float, float, float],
    zero_points: tuple[int, int, int],
    activation: str,
    kernel: str,
    tmp_path: Path,
    objects: Path,  # noqa: F811
) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(sum_of(operator, scales, zero_points, activation, 1 << 16).data)
    a, b = np.meshgrid(np.arange(-128, 128, dtype=np.int8), np.arange(-128, 128, dtype=np.int8))
    pairs = [[a.reshape(1, -1), b.reshape(1, -1)]]
    compiled = compile_model(path, tmp_path / "c", target="cortex-m4")
    assert compiled.operators[0].kernel == kernel
    ((got,),) = build_host_model(compiled, sanitize=True, objects=objects).run(pairs)
    ((wanted,),) = tflm.run(path, pairs).outputs
    np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("count", [1, 3, 4, 5, 7])
def test_counts_that_are_no_multiple_of_four(count: int, tmp_path: Path, objects: Path) -> None:  # noqa: F811
    graph = sum_of("ADD", (0.02, 0.03, 0.04), (1, 2, 3), "NONE", count)
    assert not graph_differing_on_host(graph, tmp_path, objects, "cortex-m4")
