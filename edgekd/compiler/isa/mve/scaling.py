"""How the vector kernels requantize: firmware/kernels/mve/requantize_mve.h."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.layers import Scaling
from edgekd.compiler.lowered import ConstantArray, FieldValue


@dataclass(frozen=True, eq=False)
class VectorScaling:
    """A Scaling that the vector kernels can do. shift: none above 0. away: see the header."""

    scaling: Scaling
    shift: npt.NDArray[np.int8]
    away: int

    def fields(self, prefix: str, step: int) -> dict[str, FieldValue]:
        """Of struct edgekd_scaling_mve, at `prefix`, to go with `factors`."""
        values: dict[str, FieldValue] = {
            "factors": "factors",
            "step": step,
            "away": self.away,
            "zero_point": self.scaling.zero_point,
            "lowest": self.scaling.lowest,
            "highest": self.scaling.highest,
        }
        return {f"{prefix}.{name}": value for name, value in values.items()}


def vector_scaling(scaling: Scaling) -> VectorScaling | None:
    """None where a shift goes to the left, or where one kind of rounding does not serve all channels."""
    # Whatever its shift, a multiplier of 0 gives 0; the reader writes 0 for both.
    shift = np.where(scaling.multiplier == 0, np.int8(-1), scaling.shift).astype(np.int8)
    if shift.max() > 0:
        return None
    if scaling.lowest >= scaling.zero_point:  # a negative result ends there, rounded either way
        return VectorScaling(scaling, shift, away=0)
    if shift.max() < 0:
        return VectorScaling(scaling, shift, away=1)
    return VectorScaling(scaling, shift, away=0) if shift.min() == 0 else None


def factors(multiplier: npt.NDArray[Any], shift: npt.NDArray[Any]) -> ConstantArray:
    """The field `factors`. multiplier, shift: [groups][n]."""
    words = np.concatenate([multiplier.astype("<i4"), np.ascontiguousarray(shift, np.int8).view("<i4")], axis=1)
    return ConstantArray("factors", words.astype(np.int32), is_weight=False)
