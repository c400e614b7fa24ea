"""ADD and SUB of tensors of one shape, MUL (firmware/kernels/scalar/add_s8_scalar.h, mul_s8_scalar.h)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np

from edgekd.compiler.isa import pairs
from edgekd.compiler.isa.common import mul_call
from edgekd.compiler.isa.scalar import requantize
from edgekd.compiler.layers import Add, Mul
from edgekd.compiler.lowered import KernelCall, Run

_INT32 = 1 << 31
_FRACTION_BITS = 24  # at most, as many as fit 32 bits
_NEAR = sorted(range(-4, 5), key=abs)  # the factors' last digits are free


def add(layer: Add) -> KernelCall | None:
    numbers = _linear(layer.fields)
    if numbers is None:
        return None
    return KernelCall(
        function="edgekd_add_s8_scalar",
        struct="edgekd_add_s8_scalar",
        sources=("scalar/add_s8_scalar.c", "scalar/add_s8_scalar.h", *requantize.SOURCES),
        inputs=(layer.a, layer.b),
        outputs=(layer.target,),
        fields={**numbers, "lowest": layer.fields["lowest"], "highest": layer.fields["highest"]},
        run=Run(layer.target.elements, buffered=1),
    )


def mul(layer: Mul) -> KernelCall | None:
    """None where products are not requantized the short way."""
    fields = layer.fields
    if not requantize.is_short(fields["multiplier"], fields["shift"]):
        return None
    numbers = {
        "zero_point_a": fields["zero_point_a"],
        "zero_point_b": fields["zero_point_b"],
        "odd_zero_point": 2 * fields["zero_point"] + 1,
        "multiplier": fields["multiplier"],
        "shift": -fields["shift"],
        "lowest": fields["lowest"],
        "highest": fields["highest"],
    }
    sources = ("scalar/mul_s8_scalar.c", "scalar/mul_s8_scalar.h", *requantize.SOURCES)
    return mul_call(layer, "s8_scalar", "edgekd_mul_s8_scalar", sources, numbers)


def _linear(fields: Mapping[str, Any]) -> dict[str, int] | None:
    """factor_a, factor_b, offset and shift that give every result, None when there are none."""
    exact = pairs.add_results(fields)
    real_a, real_b = pairs.add_factor(fields, "a"), pairs.add_factor(fields, "b")
    reach = max(256.0, 128 * (abs(real_a) + abs(real_b))) + 256
    shift = min(_FRACTION_BITS, int(np.log2(_INT32 / reach)))
    if shift < 1:
        return None
    # Every result but those at the limits says between which two numbers the offset is.
    least = np.where(exact > -128, exact << shift, -(1 << 40))
    behind = np.where(exact < 127, (exact + 1) << shift, 1 << 40)
    for near_a, near_b in product(_NEAR, _NEAR):
        factor_a, factor_b = round(real_a * 2**shift) + near_a, round(real_b * 2**shift) + near_b
        sums = (pairs.INT8 * factor_a)[:, None] + (pairs.INT8 * factor_b)[None, :]
        low, high = int((least - sums).max()), int((behind - sums).min())
        offset = (low + high) // 2
        if (
            low < high
            and np.abs(sums + offset).max() < _INT32
            and np.abs(pairs.INT8 * factor_a + offset).max() < _INT32
        ):
            return {"factor_a": factor_a, "factor_b": factor_b, "offset": offset, "shift": shift}
    return None
