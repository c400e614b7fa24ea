"""Kernels for the vector extension of Armv8.1-M (MVE, Helium), integer: Cortex-M55 and M85."""

from __future__ import annotations

from functools import partial

from edgekd.compiler.isa.common import Kernels, mean_call
from edgekd.compiler.isa.mve.dense import convolution, dense
from edgekd.compiler.isa.mve.depthwise import depthwise
from edgekd.compiler.isa.mve.elementwise import add, mul
from edgekd.compiler.isa.mve.pool import pool
from edgekd.compiler.layers import Add, Convolution, Dense, Depthwise, Mean, Mul, Pool

KERNELS: Kernels = {
    Dense: dense,
    Convolution: convolution,
    Depthwise: depthwise,
    Pool: pool,
    Add: add,
    Mul: mul,
    Mean: partial(mean_call, folder="mve"),
}
