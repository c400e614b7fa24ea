"""ADD and SUB of tensors of one shape, MUL: firmware/kernels/dsp/add_s8_dsp.h, mul_s8_dsp.h.

A sum of two int8 numbers has 65,536 cases. So instead of proving that a shorter sequence rounds as TensorFlow Lite
Micro does, all of them are tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgekd.compiler import quantize
from edgekd.compiler.isa import pairs
from edgekd.compiler.isa.common import mul_call
from edgekd.compiler.isa.dsp.requantization import is_short
from edgekd.compiler.layers import Add, Mul
from edgekd.compiler.lowered import FieldValue, KernelCall, Run

_FRACTION_BITS = 20  # of add_s8_dsp.h, whose factors have 8 more
_INT32 = 1 << 31
_LARGEST_PRODUCT = 255 * 255
_LANES = 4  # elements of a pass


def add(layer: Add) -> KernelCall | None:
    found = _linear(layer.fields)
    if found is None:
        return None
    function, fields = found
    return KernelCall(
        function=function,
        struct="edgekd_add_s8_dsp",
        sources=("dsp/add_s8_dsp.c", "dsp/add_s8_dsp.h", "dsp/lanes_dsp.h", "dsp/words_dsp.h", "requantize.h"),
        inputs=(layer.a, layer.b),
        outputs=(layer.target,),
        fields=fields,
        run=Run(layer.target.elements, buffered=1),
    )


def mul(layer: Mul) -> KernelCall | None:
    """None where the short sequence does not get all products right."""
    fields = layer.fields
    shift = -1 - fields["shift"]
    if not is_short(fields["multiplier"], shift, fields["zero_point"], -_LARGEST_PRODUCT, _LARGEST_PRODUCT):
        return None
    numbers = {
        "zero_point_a": fields["zero_point_a"],
        "zero_point_b": fields["zero_point_b"],
        "odd_zero_point": 2 * fields["zero_point"] + 1,
        "multiplier": fields["multiplier"],
        "shift": shift,
        "lowest": fields["lowest"],
        "highest": fields["highest"],
    }
    own = ("mul_s8_dsp.c", "mul_s8_dsp.h", "clamp_dsp.h", "lanes_dsp.h", "requantize_dsp.h", "words_dsp.h")
    sources = (*(f"dsp/{file}" for file in own), "requantize.h")
    return mul_call(layer, "s8_dsp", "edgekd_mul_s8_dsp", sources, numbers, buffered=_LANES)


def _linear(fields: Mapping[str, Any]) -> tuple[str, dict[str, FieldValue]] | None:
    """The function and its numbers, None when neither gets all sums right."""
    if (fields["lowest"], fields["highest"]) != (quantize.INT8_MIN, quantize.INT8_MAX):
        return None
    exact = pairs.add_results(fields)
    real_a, real_b = pairs.add_factor(fields, "a"), pairs.add_factor(fields, "b")
    factor_a, factor_b = (round(real * 2 ** (_FRACTION_BITS + 8)) for real in (real_a, real_b))
    if max(abs(factor_a), abs(factor_b)) >= _INT32:
        return None
    sums = (pairs.INT8 * factor_a >> 8)[:, None] + (pairs.INT8 * factor_b >> 8)[None, :]
    numbers: dict[str, FieldValue] = {"factor_a": factor_a, "factor_b": factor_b}

    # Every result but those at the limits says between which two numbers the offset is.
    least = np.where(exact > -128, exact << _FRACTION_BITS, -(1 << 40)) - sums
    behind = np.where(exact < 127, (exact + 1) << _FRACTION_BITS, 1 << 40) - sums
    offset = int(least.max() + behind.min()) // 2
    if least.max() < behind.min() and np.abs(sums + offset).max() < _INT32:
        return "edgekd_add_s8_dsp", {**numbers, "offset": offset, "rest": 0}

    middle = fields["zero_point_a"] * real_a + fields["zero_point_b"] * real_b
    offset = round(-middle * (1 << _FRACTION_BITS))
    rest = (2 * fields["zero_point"] + 1) << (_FRACTION_BITS - 1)
    sums = sums + offset
    rounded = sums + (sums >> 63) + rest
    fits = max(np.abs(sums).max(), np.abs(rounded).max()) < _INT32
    if fits and np.array_equal(np.clip(rounded >> _FRACTION_BITS, -128, 127), exact):
        return "edgekd_add_away_s8_dsp", {**numbers, "offset": offset, "rest": rest}
    return None
