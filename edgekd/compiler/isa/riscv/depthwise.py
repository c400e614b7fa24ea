"""Depthwise convolutions with 3x3 windows (firmware/kernels/riscv/depthwise_3x3_s8_riscv.c)."""

from __future__ import annotations

from dataclasses import replace

from edgekd.compiler.isa.scalar import depthwise as scalar
from edgekd.compiler.isa.scalar import requantize
from edgekd.compiler.layers import Depthwise
from edgekd.compiler.lowered import KernelCall

_SOURCE = "depthwise_3x3_s8"


def depthwise(layer: Depthwise) -> KernelCall | None:
    if not scalar.is_3x3(layer) or not requantize.all_short(layer):
        return None
    call = scalar.depthwise(layer)
    return replace(
        call,
        function=call.function.removesuffix("_scalar") + "_riscv",
        sources=(
            f"riscv/{_SOURCE}_riscv.c",
            f"riscv/{_SOURCE}_riscv.h",
            *(source for source in call.sources if source != f"scalar/{_SOURCE}_scalar.c"),
        ),
    )
