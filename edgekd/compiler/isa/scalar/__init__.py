"""Kernels in plain C for cores without SIMD: Cortex-M3, Cortex-M0 and M0+, RV32IMC."""

from __future__ import annotations

from functools import partial

from edgekd.compiler.isa.common import Kernels, mean_call
from edgekd.compiler.isa.scalar import depthwise, elementwise, sums
from edgekd.compiler.layers import Add, Convolution, Dense, Depthwise, Mean, Mul

KERNELS: Kernels = {
    Dense: sums.dense,
    Convolution: sums.convolution,
    Depthwise: depthwise.depthwise,
    Add: elementwise.add,
    Mul: elementwise.mul,
    Mean: partial(mean_call, folder="scalar"),
}
