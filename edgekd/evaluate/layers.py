"""What each layer of a model costs: instructions counted on an emulated board, cycles estimated from them.

One inference runs under QEMU with a plugin that counts every instruction (tracer.py) from the call of the engine to
its return. An instruction belongs to the layer whose statements in the generated C ran last: kernels that several
layers share are told apart by who called them, and so are layers that take turns in a loop. DWARF's line table says
which instructions are whose statements, so nothing in the firmware is changed or added for this.

Counts are exact: those of the board's own timer, to its tick, which is checked each time. Cycles are an estimate
(cortex_m4.py says what it leaves out).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.listing import operator_lines
from edgekd.device.client import connect
from edgekd.device.emulator import Emulator
from edgekd.errors import InputError, ToolError
from edgekd.evaluate.cortex_m4 import Estimate, estimate
from edgekd.evaluate.image import CodeImage
from edgekd.evaluate.tracer import Executed, LayerCode, Tracer
from edgekd.firmware.board import BoardProfile
from edgekd.firmware.deployment import Deployment
from edgekd.firmware.project import MODEL_NAME

ESTIMATED_CORES = ("cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33")  # what they run, a Cortex-M4 could run
_METHOD = "Arm Cortex-M4 TRM (DDI 0439), tables 3-1 and 7-1, over what ran; zero wait states"
_ENTRY = "invoke"  # of firmware/engines/aot/engine.c.j2
_BETWEEN_READS = 64  # more instructions than a port takes to read its timer and to call the engine


@dataclass(frozen=True)
class Traced:
    """executed: what ran in one inference; layers are operator indices + 1, and 0 is what belongs to none."""

    executed: list[Executed]
    image: CodeImage

    @property
    def instructions(self) -> int:
        return sum(item.runs for item in self.executed)


def require_traceable(board: BoardProfile, port: str | None) -> None:
    """Raises InputError where layers cannot be told apart: on real boards, and in emulators other than QEMU."""
    if port is not None:
        raise InputError("layers are counted in an emulator, not on the board at a port", "leave --port out")
    if board.emulator is None or not board.emulator.program.startswith("qemu-system-"):
        raise InputError(
            f"board {board.name}: layers are counted in QEMU, which does not emulate it", "mps2-an386 is one"
        )


def trace_inference(deployment: Deployment, sample: Sequence[npt.NDArray[Any]]) -> Traced:
    """Run one inference on the emulated board and count its instructions. sample: an array for each input."""
    image = CodeImage(deployment.elf)
    source = f"{MODEL_NAME}.c"
    (text,) = (path.read_text(encoding="utf-8") for path in deployment.project.folder.glob(f"lib/*/{source}"))
    operators = operator_lines(text)
    layers = [
        LayerCode(code.begin, code.end, operators[code.line] + 1)
        for code in image.lines(source)
        if code.line in operators
    ]
    board = deployment.board
    with Tracer(image, image.function(_ENTRY), layers) as tracer:
        with (
            Emulator(board, deployment.elf, tracer.arguments) as emulator,
            connect(emulator.url, baud=board.serial.baud) as device,
        ):
            device.infer([np.ascontiguousarray(array).tobytes() for array in sample])
        return Traced(tracer.executed(), image)


def check_against_timer(traced: Traced, ticks: int, board: BoardProfile) -> None:
    """Hold the count against the ticks that the board's timer told of the same inference.

    Raises ToolError when they differ by more than a tick and the few instructions around the engine's call.
    """
    assert board.emulator is not None and board.emulator.instructions_per_tick is not None
    tick = board.emulator.instructions_per_tick
    if abs(traced.instructions - ticks * tick) > tick + _BETWEEN_READS:
        raise ToolError(
            f"{board.name}: the emulator's plugin counted {traced.instructions:,} instructions, and the board's timer "
            f"{ticks:,} ticks of {tick:g}"
        )


def layer_costs(deployment: Deployment, traced: Traced) -> dict[str, Any]:
    """The costs as JSON values: totals, and a row for each operator that runs code, in the order of execution.

    m4_cycles: estimated, None where a Cortex-M4 could not run the same code. share: of all instructions, as a fraction
    of 1. live_bytes: of the arena while the layer runs. stage: the operators that take turns, row by row, in one loop.
    """
    compiled = deployment.project.compiled
    assert compiled is not None
    estimates = estimate(traced.executed, traced.image) if deployment.board.cpu.core in ESTIMATED_CORES else None
    counts: Counter[int] = Counter()
    for item in traced.executed:
        counts[item.layer] += item.runs
    total = traced.instructions

    def cost(layer: int, macs: int) -> dict[str, Any]:
        run = counts[layer]
        return {
            "instructions": run,
            "share": run / total,
            "macs": macs,
            "instructions_per_mac": run / macs if macs else None,
            "m4_cycles": estimates.get(layer, Estimate()).cycles if estimates is not None else None,
        }

    stages = {operator: list(stage.calls) for stage in compiled.plan.stages for operator in stage.calls}
    rows = [
        {
            "operator": operator.index,
            "stage": stages.get(operator.index, []),
            "name": operator.name,
            "kernel": operator.kernel,
            "outputs": [list(shape) for shape in operator.outputs],
            **cost(operator.index + 1, operator.macs),
            "live_bytes": operator.live_bytes,
        }
        for operator in compiled.operators
        if counts[operator.index + 1]
    ]
    return {
        "rows": rows,
        "around": cost(0, 0),  # the engine's call, checks of arguments, copies of outputs
        "total": {
            "instructions": total,
            "macs": compiled.macs,
            "instructions_per_mac": total / compiled.macs if compiled.macs else None,
            "m4_cycles": sum(found.cycles for found in estimates.values()) if estimates is not None else None,
            "live_bytes": max((row["live_bytes"] for row in rows), default=0),
            "mix": _mix(estimates.values()) if estimates is not None else None,
        },
        "m4_cycle_method": _method(deployment.board.cpu.core) if estimates is not None else None,
    }


def _method(core: str) -> str:
    other = "" if core == "cortex-m4" else f"; a {core.replace('cortex-m', 'Cortex-M')} takes others"
    return _METHOD + other


def _mix(estimates: Iterable[Estimate]) -> dict[str, int]:
    """Instructions by kind, most first."""
    mix: Counter[str] = Counter()
    for found in estimates:
        mix.update(found.mix)
    return dict(mix.most_common())
