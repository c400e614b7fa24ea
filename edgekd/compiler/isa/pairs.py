"""Every result of ADD and SUB: two int8 operands have 65,536 cases, few enough to try a shorter way on all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler import quantize

INT8 = np.arange(-128, 128)

_EXTRA_BITS = 20  # of add_s8.h

Numbers = npt.NDArray[np.int64]


def add_results(fields: Mapping[str, Any]) -> Numbers:
    """What add_s8.c makes of `fields` without the fused activation: [256][256], by a and b from -128 on."""
    wide = [
        fields[f"sign_{x}"]
        * quantize.requantize_array(
            (INT8 - fields[f"zero_point_{x}"]) << _EXTRA_BITS, fields[f"multiplier_{x}"], fields[f"shift_{x}"]
        )
        for x in "ab"
    ]
    sums = quantize.requantize_array(wide[0][:, None] + wide[1][None, :], fields["multiplier"], fields["shift"])
    results: Numbers = np.clip(sums + int(fields["zero_point"]), quantize.INT8_MIN, quantize.INT8_MAX)
    return results


def add_factor(fields: Mapping[str, Any], operand: str) -> float:
    """By which `operand`, "a" or "b", goes into the result."""
    factor = fields[f"sign_{operand}"] * fields[f"multiplier_{operand}"] * fields["multiplier"]
    return float(factor * 2.0 ** (fields[f"shift_{operand}"] + fields["shift"] + _EXTRA_BITS - 62))
