"""Requantization in five instructions, against the two roundings it stands for, wherever the compiler takes it."""

from __future__ import annotations

import ctypes
import subprocess

import numpy as np
import pytest
from host_model import INTRINSICS, WARNINGS
from hypothesis import assume, example, given
from hypothesis import strategies as st

from edgekd.compiler import quantize
from edgekd.compiler.graph import Tensor
from edgekd.compiler.isa.dsp.requantization import short_scaling
from edgekd.compiler.layers import Dense, Scaling
from edgekd.paths import shipped

KERNELS = shipped("firmware") / "kernels"
INPUTS = [-128, -127, -3, 0, 1, 126, 127]

_EXPORTS = """
#include "requantize_dsp.h"
int32_t requantize(int32_t sum, int32_t multiplier, int32_t zero_point, int32_t shift);
int32_t requantize(int32_t sum, int32_t multiplier, int32_t zero_point, int32_t shift) {
    return edgekd_requantize_dsp(2 * sum, multiplier, edgekd_offset_dsp(2 * zero_point + 1, shift), shift);
}
"""

pytestmark = pytest.mark.cc


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("requantize_dsp")
    source = folder / "exports.c"
    source.write_text(_EXPORTS)
    target = folder / "exports.so"
    flags = [*WARNINGS, "-O2", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error", "-shared", "-fPIC"]
    include = [f"-I{KERNELS / 'dsp'}", f"-I{KERNELS}", f"-I{INTRINSICS}"]
    subprocess.run(["gcc", *flags, *include, str(source), "-o", str(target)], check=True)
    return ctypes.CDLL(str(target))


def one_output(weight: int, bias: int, multiplier: int, shift: int, zero_point: int) -> Dense:
    """A dense layer of one input and one output."""
    tensor = Tensor(0, "x", (1, 1), "int8")
    return Dense(
        source=tensor,
        target=tensor,
        weights=np.array([[weight]], np.int8),
        bias=np.array([bias], np.int32),
        bias_is_weight=True,
        # One channel counts as scaled by channel here, so that constant ones may be replaced.
        scaling=ByChannel(np.array([multiplier], np.int32), np.array([shift], np.int8), zero_point, -128, 127),
        rows=1,
    )


class ByChannel(Scaling):
    @property
    def per_channel(self) -> bool:
        return True


@given(
    weight=st.integers(-128, 127),
    bias=st.one_of(st.integers(-2000, 2000), st.integers(-(2**31), 2**31 - 1)),
    multiplier=st.one_of(st.integers(2**30, 2**31 - 1), st.sampled_from([0, 2**30, 3 << 29])),
    shift=st.integers(-31, 1),
    zero_point=st.integers(-128, 127),
)
@example(weight=1, bias=-1, multiplier=2**30, shift=-1, zero_point=0)
@example(weight=127, bias=2**30, multiplier=2**31 - 1, shift=-31, zero_point=-128)
@example(weight=5, bias=2**30 - 1000, multiplier=2**31 - 1, shift=-23, zero_point=127)
def test_results_are_those_of_both_roundings(
    library: ctypes.CDLL, weight: int, bias: int, multiplier: int, shift: int, zero_point: int
) -> None:
    short = short_scaling(one_output(weight, bias, multiplier, shift, zero_point))
    assume(short is not None)
    assert short is not None
    numbers = int(short.multiplier[0]), zero_point, int(short.shift[0])
    for x in INPUTS:
        exact = quantize.requantize(bias + weight * x, multiplier, shift) + zero_point
        total = int(short.bias[0]) + int(short.weights[0, 0]) * x
        assert abs(total) <= short.largest[0]
        assert library.requantize(total, *numbers) == quantize.clamp_int8(exact), x


@pytest.mark.parametrize(
    ("bias", "multiplier", "shift", "takes"),
    [
        (0, 2**30, -8, True),
        (0, 2**30, 0, False),  # a factor above a half
        (2**30, 2**30, -30, False),  # sums beyond 30 bits that make a difference
        (2**30, 2**30, -31, True),  # none: the same result whatever the input
        (77, 0, 0, True),  # a dead channel
    ],
)
def test_layers_it_takes(bias: int, multiplier: int, shift: int, takes: bool) -> None:
    assert (short_scaling(one_output(100, bias, multiplier, shift, 3)) is not None) == takes


def test_a_shared_scaling_is_not_changed_for_one_channel() -> None:
    layer = one_output(0, 0, 2**30, 0, 3)
    shared = Scaling(layer.scaling.multiplier, layer.scaling.shift, 3, -128, 127)
    assert short_scaling(Dense(**{**vars(layer), "scaling": shared})) is None
