"""Pooling: the portable kernels' parameters, other functions."""

from __future__ import annotations

from dataclasses import replace

from edgekd.compiler.isa import portable
from edgekd.compiler.layers import Pool
from edgekd.compiler.lowered import KernelCall

_LARGEST_SUM = 255  # elements of int8 that 16 bits can add up


def pool(layer: Pool) -> KernelCall | None:
    if layer.kind == "average" and layer.window.taps > _LARGEST_SUM:
        return None
    call = portable.pool(layer)
    own = (f"mve/{layer.kind}_pool_2d_s8_mve.c", "mve/pool_2d_s8_mve.h")
    shared = tuple(source for source in call.sources if source != f"{layer.kind}_pool_2d_s8.c")
    return replace(call, function=f"{call.function}_mve", sources=own + shared)
