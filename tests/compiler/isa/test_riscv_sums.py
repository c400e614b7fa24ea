"""Sums that share words on RISC-V, with weights and inputs that take them to the limits of what fits, byte by byte
against TensorFlow Lite Micro."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import host_model
import numpy as np
import numpy.typing as npt
import pytest
from compiler.ops.test_against_oracle import objects  # noqa: F401 (a fixture)
from graph_parts.maker import Maker
from random_runs import HOST_TARGETS

from edgekd.compiler import compile_model
from edgekd.convert import tflm

pytestmark = pytest.mark.cc
Weights = npt.NDArray[np.int8]
KINDS = ("largest", "least", "mixed", "small", "ones", "rare")
_DEPTH = 130


def weights_of(kind: str, outputs: int, depth: int) -> Weights:
    random = np.random.default_rng(len(kind))
    signs = random.choice([-1, 1], (outputs, 1))
    match kind:
        case "largest":
            values = np.full((outputs, depth), 127) * signs
        case "least":
            values = np.full((outputs, depth), -128)
        case "mixed":
            values = random.integers(-127, 128, (outputs, depth))
        case "small":
            values = random.integers(-3, 4, (outputs, depth))
        case "ones":
            values = np.ones((outputs, depth)) * signs
        case "rare":
            values = np.where(random.random((outputs, depth)) < 0.03, 127, 0) * signs
            values[:, 0] = 1
        case _:
            raise ValueError(kind)
    return values.astype(np.int8)


def check(weights: Sequence[Weights], rows: int, folder: Path, objects: Path) -> set[str]:  # noqa: F811
    """Run a FULLY_CONNECTED on `rows` rows with each of `weights`; the kernels' names."""
    m = Maker()
    for number, values in enumerate(weights):
        m.begin("dense", number)
        fully_connected(m, values, rows)
    path = folder / "model.tflite"
    path.write_bytes(m.build("dense").data)
    compiled = compile_model(path, folder / "c", target="rv32imc")
    inputs = [list(sample) for sample in zip(*(extremes(values, rows) for values in weights), strict=True)]
    expected = tflm.run(path, inputs).outputs
    actual = host_model.build_host_model(compiled, sanitize=True, objects=objects, flags=HOST_TARGETS["rv32imc"]).run(
        inputs
    )
    for sample, (wanted, got) in enumerate(zip(expected, actual, strict=True)):
        for number, (a, b) in enumerate(zip(wanted, got, strict=True)):
            np.testing.assert_array_equal(b.reshape(a.shape), a, f"sample {sample}, weights {number}")
    return {operator.kernel for operator in compiled.operators}


def fully_connected(m: Maker, weights: Weights, rows: int) -> None:
    outputs, depth = weights.shape
    x = m.input((rows, depth))
    largest_sum = 128 * np.abs(weights.astype(np.int64)).sum(axis=1).max()
    y = m.value((rows, outputs), float(np.float32(x.scale * 0.01 * largest_sum / 100)))
    data = m.model.tensor(weights.shape, "int8", scale=[0.01], data=weights)
    bias_scale = float(np.float32(x.scale) * np.float32(0.01))
    bias = m.model.tensor((outputs,), "int32", scale=[bias_scale], data=np.arange(outputs) * 1000)
    m.model.operator("FULLY_CONNECTED", [x.index, data, bias], [y.index])
    m.outputs.append(y)


def extremes(weights: Weights, rows: int) -> list[Weights]:
    """Inputs that make some output's sum as large and as small as can be, and noise."""
    depth = weights.shape[1]
    random = np.random.default_rng(rows)
    inputs = [np.full((rows, depth), value) for value in (-128, 127)]
    inputs.append(np.where(np.arange(rows)[:, None] % 2, -128, 127) * np.ones((1, depth), int))
    for output in (0, len(weights) - 1):
        up = np.where(weights[output] > 0, 127, -128)
        down = np.where(weights[output] > 0, -128, 127)
        inputs.append(np.where(np.arange(rows)[:, None] % 3, down, up))
    inputs.append(random.integers(-128, 128, (rows, depth)))
    return [values.astype(np.int8) for values in inputs]


@pytest.mark.parametrize("rows", [2, 3, 9])
def test_rows_that_share_words(rows: int, tmp_path: Path, objects: Path) -> None:  # noqa: F811
    """Tiles of eight, four and two outputs, and sums in one, two or more segments."""
    weights = [weights_of(kind, 14, _DEPTH + rows) for kind in KINDS]
    assert check(weights, rows, tmp_path, objects) == {"edgekd_dense_s8_riscv"}


def test_one_row(tmp_path: Path, objects: Path) -> None:  # noqa: F811
    weights = [weights_of(kind, 16, depth) for kind in ("small", "ones", "rare") for depth in (6, _DEPTH, 1024)]
    few = weights_of("small", 32, 256)
    weights += [np.concatenate([few, weights_of(kind, 8, 256)]) for kind in ("mixed", "largest")]
    assert check(weights, 1, tmp_path, objects) == {"edgekd_dense_row_s8_riscv"}


def test_a_row_that_is_left_to_the_scalar_kernel(tmp_path: Path, objects: Path) -> None:  # noqa: F811
    """Few products of large weights fit, not even two of the least; outputs are no multiple of eight, inputs none of
    two."""
    weights = [weights_of(kind, 8, 16) for kind in ("largest", "least", "mixed")]
    weights += [weights_of("small", 10, 16), weights_of("small", 8, 15)]
    assert check(weights, 1, tmp_path, objects) == {"edgekd_dense_s8_scalar"}
