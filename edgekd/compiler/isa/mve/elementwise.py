"""ADD, SUB and MUL: the portable kernels' parameters, other functions."""

from __future__ import annotations

from dataclasses import replace

from edgekd.compiler.isa import portable
from edgekd.compiler.layers import Add, Mul
from edgekd.compiler.lowered import KernelCall, Run

_LANES = 4  # elements of a pass


def add(layer: Add) -> KernelCall | None:
    shifts = [layer.fields[name] for name in ("shift_a", "shift_b", "shift")]
    if max(shifts) > 0 or layer.fields["sign_a"] != 1:
        return None
    return _vector_call(portable.add(layer), "add_s8")


def mul(layer: Mul) -> KernelCall | None:
    return None if layer.fields["shift"] > 0 else _vector_call(portable.mul(layer), "mul_s8")


def _vector_call(call: KernelCall, name: str) -> KernelCall:
    own = (f"mve/{name}_mve.c", f"mve/{name}_mve.h", "mve/requantize_mve.h")
    headers = tuple(source for source in call.sources if source.endswith(".h"))
    run = Run(call.run.count, buffered=_LANES) if call.run else None
    return replace(call, function=f"{call.function}_mve", sources=own + headers, run=run)
