"""Where the generated C looks at tensors, in a build that is compared with the host (edgekd.evaluate.diff).

Each tensor that a kernel makes is looked at as it is made, row by row where it comes so, and again right before a step
reads it: what was right then and is wrong now was written over in between. What is made and used up within one step,
row by row, is looked at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import Tensor
from edgekd.compiler.lowered import Alias, KernelCall, Lowered
from edgekd.compiler.plan import Stage

Mask = npt.NDArray[np.bool_]
Moment = Literal["made", "read"]


@dataclass(frozen=True, eq=False)
class Probe:
    """One look at a tensor. Its number is its place among all.

    tensor: as it is on the board. operator: the position of the one that has just made it, or is about to read it.
    maker: the probe that saw the same bytes being made; its own number for "made", None for an input of the model.
    kept: (channels,), those channels of the model's tensor that are there; None: all of them. Element i of the last
    axis is of channel i modulo their number.
    """

    number: int
    tensor: Tensor
    operator: int
    moment: Moment
    maker: int | None
    kept: Mask | None


def place_probes(calls: Sequence[Lowered], stages: Sequence[Stage], kept: Mapping[int, Mask]) -> tuple[Probe, ...]:
    """The probes of a model, in the order in which their tensors are first seen. kept: masks by index of the tensor."""
    origin: dict[int, int] = {}  # tensors by index that are another one under another shape
    for call in calls:
        if isinstance(call, Alias):
            origin[call.output.index] = origin.get(call.input.index, call.input.index)
    probes: list[Probe] = []
    makers: dict[int, int] = {}

    def look(tensor: Tensor, step: int, moment: Moment) -> None:
        number, source = len(probes), origin.get(tensor.index, tensor.index)
        if moment == "made":
            makers[source] = number
        probes.append(Probe(number, tensor, step, moment, makers.get(source), kept.get(tensor.index)))

    for stage in stages:
        made: set[int] = set()
        read: set[int] = set()
        for step in stage.calls:
            call = calls[step]
            assert isinstance(call, KernelCall)
            for tensor in call.inputs:
                if tensor.index not in made | read and not tensor.is_constant and not tensor.is_variable:
                    read.add(tensor.index)
                    look(tensor, step, "read")
            made |= {tensor.index for tensor in call.outputs}
        for step in stage.calls:
            call = calls[step]
            assert isinstance(call, KernelCall)
            for tensor in call.outputs:
                if not tensor.is_variable:
                    look(tensor, step, "made")
    return tuple(probes)
