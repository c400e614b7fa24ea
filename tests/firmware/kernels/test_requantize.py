"""The arithmetic all kernels share, against the same arithmetic on Python's integers."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from host_model import WARNINGS
from hypothesis import example, given
from hypothesis import strategies as st
from needs import require_program

from edgekd.compiler import quantize
from edgekd.paths import shipped

KERNELS = shipped("firmware") / "kernels"
INT32 = st.integers(-(2**31), 2**31 - 1)
MULTIPLIER = st.one_of(st.integers(2**30, 2**31 - 1), st.just(0), st.just(2**30))

_EXPORTS = """
#include "requantize.h"
int32_t high_multiply(int32_t a, int32_t b);
int32_t rounding_shift(int32_t x, int32_t exponent);
int32_t requantize(int32_t x, int32_t multiplier, int32_t shift);
int32_t high_multiply(int32_t a, int32_t b) { return edgekd_high_multiply(a, b); }
int32_t rounding_shift(int32_t x, int32_t exponent) { return edgekd_rounding_shift(x, exponent); }
int32_t requantize(int32_t x, int32_t multiplier, int32_t shift) { return edgekd_requantize(x, multiplier, shift); }
"""

pytestmark = pytest.mark.cc
CFunction = Callable[..., int]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("requantize")
    source = folder / "exports.c"
    source.write_text(_EXPORTS)
    target = folder / "exports.so"
    flags = [*WARNINGS, "-O2", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error", "-shared", "-fPIC"]
    subprocess.run(["gcc", *flags, f"-I{KERNELS}", str(source), "-o", str(target)], check=True)
    return ctypes.CDLL(str(target))


@given(a=INT32, b=MULTIPLIER)
@example(a=-(2**31), b=2**31 - 1)
@example(a=2**30, b=2**30 + 1)
def test_high_multiply(library: ctypes.CDLL, a: int, b: int) -> None:
    assert library.high_multiply(a, b) == quantize.high_multiply(a, b)


@given(x=INT32, exponent=st.integers(0, 31))
@example(x=-(2**31), exponent=31)
@example(x=2**31 - 1, exponent=1)
@example(x=-3, exponent=1)
def test_rounding_shift_rounds_halves_away_from_zero(library: ctypes.CDLL, x: int, exponent: int) -> None:
    exact = Fraction(abs(x), 1 << exponent)
    rounded = int(exact + Fraction(1, 2)) * (-1 if x < 0 else 1)
    assert library.rounding_shift(x, exponent) == quantize.rounding_shift(x, exponent) == rounded


@given(x=INT32, multiplier=MULTIPLIER, shift=st.integers(-31, 30))
def test_requantize(library: ctypes.CDLL, x: int, multiplier: int, shift: int) -> None:
    assert library.requantize(x, multiplier, shift) == quantize.requantize(x, multiplier, shift)


COMPILERS = {
    "gcc": ["gcc"],
    "clang": ["clang"],
    "cortex-m0": ["arm-none-eabi-gcc", "-mcpu=cortex-m0", "-mthumb"],
    "cortex-m4": ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard"],
}


@pytest.mark.parametrize("compiler", COMPILERS)
def test_every_kernel_compiles_without_a_warning(compiler: str, tmp_path: Path) -> None:
    command = COMPILERS[compiler]
    require_program(command[0])
    sources = sorted(str(path) for path in KERNELS.glob("*.c"))
    assert sources
    for level in ("-O2", "-Os"):
        done = subprocess.run(
            [*command, *WARNINGS, level, "-c", *sources], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.cross
@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m7", "cortex-m33"])
def test_every_dsp_kernel_compiles_without_a_warning(core: str, tmp_path: Path) -> None:
    sources = sorted(str(path) for path in (KERNELS / "dsp").glob("*.c"))
    assert sources
    command = ["arm-none-eabi-gcc", f"-mcpu={core}", "-mthumb", f"-I{KERNELS}", *WARNINGS]
    for level in ("-O0", "-O2", "-Os"):
        done = subprocess.run(
            [*command, level, "-c", *sources], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
