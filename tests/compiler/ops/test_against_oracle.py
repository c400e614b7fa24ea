"""Every operator on random graphs, byte by byte against TensorFlow Lite Micro, compiled with the sanitizers.

EDGEKD_GRAPHS=2000 pytest tests/compiler/ops/test_against_oracle.py     # about as many graphs as it says, over all
                                                                        # targets, and a failure is made small
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from graphs import OPERATORS
from host_model import build_host_model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_runs import HOST_TARGETS, Part, differing_on_host
from tflite_builder import ModelBuilder

from edgekd.compiler import PlanOptions, compile_model
from edgekd.compiler.ops import SUPPORTED
from edgekd.convert import tflm

_PARTS = 30  # of a model on average: one compilation and one oracle process serve all of them
_EXAMPLES = max(1, int(os.environ.get("EDGEKD_GRAPHS", "500")) // _PARTS)
_WITH_VAR_HANDLE = {"READ_VARIABLE", "ASSIGN_VARIABLE", "CALL_ONCE"}

pytestmark = pytest.mark.cc


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled kernels, kept from model to model."""
    return tmp_path_factory.mktemp("objects")


def check(
    parts: Sequence[Part], folder: Path, objects: Path, target: str = "host", options: PlanOptions | None = None
) -> None:
    """Compile and run `parts`; every byte of every output is the oracle's."""
    assert not differing_on_host(parts, folder, objects, target, options)


def test_the_graphs_cover_every_supported_operator() -> None:
    assert {name.split()[0] for name in OPERATORS} | _WITH_VAR_HANDLE == set(SUPPORTED)


@st.composite
def parts(draw: st.DrawFn) -> list[Part]:
    """Up to 60 parts, each with a seed of its own, so that a failure shrinks to the part it is in."""
    count = draw(st.integers(1, 2 * _PARTS))
    part = st.tuples(st.sampled_from([*OPERATORS, *["chain"] * 5]), st.integers(0, 2**32 - 1))
    return draw(st.lists(part, min_size=count, max_size=count))


@settings(
    max_examples=_EXAMPLES,
    deadline=None,
    derandomize="EDGEKD_GRAPHS" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    chosen=parts(),
    target=st.sampled_from([*HOST_TARGETS]),
    options=st.builds(
        PlanOptions,
        buffers=st.sampled_from(["separate", "arena"]),
        optimize=st.sampled_from(["speed", "balanced", "ram", "flash"]),
    ),
)
def test_random_graphs_equal_the_oracle(
    tmp_path: Path, objects: Path, chosen: list[Part], target: str, options: PlanOptions
) -> None:
    check(chosen, tmp_path, objects, target, options)


@pytest.mark.parametrize("name", OPERATORS)
def test_each_operator_equals_the_oracle(tmp_path: Path, objects: Path, name: str) -> None:
    check([(name, seed) for seed in range(12)], tmp_path, objects)


def test_factors_of_hard_swish_are_quotients_of_doubles(tmp_path: Path, objects: Path) -> None:
    """In single precision this one's 16-bit factor, and one of its 256 results, is another."""
    model = ModelBuilder()
    x = model.tensor((1, 256), scale=0.17297549545764923, zero_point=31)
    y = model.tensor((1, 256), scale=0.13670825958251953, zero_point=-45)
    model.operator("HARD_SWISH", [x], [y])
    path, every = tmp_path / "model.tflite", np.arange(256, dtype=np.uint8).view(np.int8).reshape(1, 256)
    path.write_bytes(model.build([x], [y]))
    expected = tflm.run(path, [[every]]).outputs[0][0]
    compiled = compile_model(path, tmp_path / "c", target="host", name="model")
    np.testing.assert_array_equal(build_host_model(compiled, objects=objects).run([[every]])[0][0], expected)


def test_factors_of_relu_are_quotients_of_doubles(tmp_path: Path, objects: Path) -> None:
    """In single precision this one's slope is not 3/4, and a result half-way between two is rounded the other way."""
    check([("LEAKY_RELU int16", 3924199335)], tmp_path, objects)
