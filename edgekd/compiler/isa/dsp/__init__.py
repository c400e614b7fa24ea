"""Kernels for the DSP extension of Cortex-M4, M7 and M33 (firmware/kernels/dsp)."""

from __future__ import annotations

from functools import partial

from edgekd.compiler.isa.common import Kernels, mean_call
from edgekd.compiler.isa.dsp.convolution import convolution
from edgekd.compiler.isa.dsp.dense import dense
from edgekd.compiler.isa.dsp.depthwise import depthwise
from edgekd.compiler.isa.dsp.elementwise import add, mul
from edgekd.compiler.isa.dsp.pool import pool
from edgekd.compiler.layers import Add, Convolution, Dense, Depthwise, Mean, Mul, Pool

KERNELS: Kernels = {
    Dense: dense,
    Convolution: convolution,
    Depthwise: depthwise,
    Pool: pool,
    Add: add,
    Mul: mul,
    Mean: partial(mean_call, folder="dsp", headers=("dsp/lanes_dsp.h", "dsp/words_dsp.h")),
}
