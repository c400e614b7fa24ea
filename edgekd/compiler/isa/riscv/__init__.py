"""Kernels in plain C that need the 31 registers of RISC-V; everything else is the scalar kernels' there."""

from __future__ import annotations

from edgekd.compiler.isa.common import Kernels
from edgekd.compiler.isa.riscv.depthwise import depthwise
from edgekd.compiler.layers import Depthwise

KERNELS: Kernels = {
    Depthwise: depthwise,
}
