"""Kernels for the DSP extension of Cortex-M4, M7 and M33 (firmware/kernels/dsp)."""

from __future__ import annotations

from edgekd.compiler.isa.common import Kernels

KERNELS: Kernels = {}
