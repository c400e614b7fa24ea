"""Which kernel computes a layer: each package here knows the kernels of one instruction set.

A package maps types of layers to functions that return a kernel call, or None for a layer their kernel does not take.
A target names the packages it can use, best first; the portable kernels, which take every layer, come last.
"""

from __future__ import annotations

from collections.abc import Mapping

from edgekd.compiler.isa import dsp, mve, portable, riscv, scalar
from edgekd.compiler.isa.common import Kernels
from edgekd.compiler.layers import Layer
from edgekd.compiler.lowered import KernelCall
from edgekd.compiler.targets import Target

_KERNELS: Mapping[str, Kernels] = {
    "dsp": dsp.KERNELS,
    "mve": mve.KERNELS,
    "portable": portable.KERNELS,
    "riscv": riscv.KERNELS,
    "scalar": scalar.KERNELS,
}


def choose(layer: Layer, target: Target) -> KernelCall:
    """The call of the best kernel `target` has for `layer`."""
    for name in target.kernels:
        make = _KERNELS[name].get(type(layer))
        call = make(layer) if make else None
        if call is not None:
            return call
    raise AssertionError(f"no kernel takes {type(layer).__name__}")
