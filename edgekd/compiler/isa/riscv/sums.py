"""Dense layers and convolutions: the scalar kernels, four rows at a time (firmware/kernels/scalar/sums_scalar.h)."""

from __future__ import annotations

from edgekd.compiler.isa.scalar import sums
from edgekd.compiler.layers import Convolution, Dense
from edgekd.compiler.lowered import KernelCall

_ROWS = 4  # EDGEKD_ROWS_SCALAR


def dense(layer: Dense) -> KernelCall:
    return sums.dense(layer, _ROWS)


def convolution(layer: Convolution) -> KernelCall:
    return sums.convolution(layer, _ROWS)
