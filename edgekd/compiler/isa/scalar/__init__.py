"""Kernels in plain C for cores without SIMD: Cortex-M3, Cortex-M0 and M0+, RV32IMC."""

from __future__ import annotations

from edgekd.compiler.isa.common import Kernels
from edgekd.compiler.isa.scalar import depthwise, sums
from edgekd.compiler.layers import Convolution, Dense, Depthwise

KERNELS: Kernels = {
    Dense: sums.dense,
    Convolution: sums.convolution,
    Depthwise: depthwise.depthwise,
}
