"""What RISC-V's 31 registers are worth: kernels of its own and larger tiles of the scalar kernels, in plain C."""

from __future__ import annotations

from edgekd.compiler.isa.common import Kernels
from edgekd.compiler.isa.riscv import sums
from edgekd.compiler.isa.riscv.depthwise import depthwise
from edgekd.compiler.layers import Convolution, Dense, Depthwise

KERNELS: Kernels = {
    Dense: sums.dense,
    Convolution: sums.convolution,
    Depthwise: depthwise,
}
