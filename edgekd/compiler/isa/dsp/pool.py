"""Pooling: firmware/kernels/dsp/pool_2d_s8_dsp.h."""

from __future__ import annotations

from dataclasses import replace

from edgekd.compiler.isa import portable
from edgekd.compiler.layers import Pool
from edgekd.compiler.lowered import KernelCall

_LEAST_CHANNELS = 4
_MOST_PIXELS = 256  # whose sum a halfword holds


def pool(layer: Pool) -> KernelCall | None:
    window = layer.window
    if window.channels < _LEAST_CHANNELS or (layer.kind == "average" and window.taps > _MOST_PIXELS):
        return None
    call = portable.pool(layer)
    name = f"{layer.kind}_pool_2d_s8_dsp"
    others = [source for source in call.sources if source != f"{layer.kind}_pool_2d_s8.c"]
    own = [f"dsp/{file}" for file in (f"{name}.c", "pool_2d_s8_dsp.h", "lanes_dsp.h", "words_dsp.h")]
    return replace(call, function=f"edgekd_{name}", sources=(*own, *others))
