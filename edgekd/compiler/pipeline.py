"""The compiler as a stage: a .tflite in, a folder of C out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgekd.compiler import c_text, ops
from edgekd.compiler.constant_channels import Step, leave_out_constant_channels
from edgekd.compiler.emit import content_key, emit
from edgekd.compiler.fold import fold_padding
from edgekd.compiler.graph import Graph, Tensor
from edgekd.compiler.isa import choose
from edgekd.compiler.layers import Sums
from edgekd.compiler.lowered import ConstantArray, Folded, KernelCall, Lowered
from edgekd.compiler.plan import MemoryPlan, PlanOptions, plan_memory
from edgekd.compiler.probes import Probe, place_probes
from edgekd.compiler.reader import read_tflite
from edgekd.compiler.targets import Target, find_target
from edgekd.compiler.variables import keep_values
from edgekd.errors import EdgekdError, InputError
from edgekd.paths import shipped

_MAX_ARENA = (1 << 31) - 1  # offsets are 32-bit on every target


@dataclass(frozen=True)
class OperatorSummary:
    """One operator for tables. kernel: the C function, "" when no bytes move or
    another operator does it all. inputs, outputs: shapes without the channels that are left out; macs: with them.
    weight_bytes: its weights and biases; constant_bytes: those and the tables derived from them; neither counts what
    an operator before has already. live_bytes: of the arena while it runs."""

    index: int
    name: str
    kernel: str
    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[tuple[int, ...], ...]
    macs: int
    weight_bytes: int
    constant_bytes: int
    live_bytes: int


@dataclass(frozen=True, eq=False)
class CompiledModel:
    """What `compile_model` wrote.

    files: the C sources and headers in `out`, all that a build needs. arena_bytes: intermediates and scratch, and the
    inputs and outputs (input_bytes, output_bytes) if `options` puts them there; whole_arena_bytes: what that would be
    without going row by row. channels: outputs of convolutions and dense layers; constant_channels: those of them that
    are left out (constant_channels.py). weight_bytes: weights and biases that are not; constant_bytes: those and
    everything derived from them. macs: of the model with all its channels. probes: where its C looks at tensors, if it
    does. sha256: of the .tflite.
    """

    name: str
    target: str
    out: Path
    files: tuple[Path, ...]
    arena_bytes: int
    input_bytes: int
    output_bytes: int
    whole_arena_bytes: int
    options: PlanOptions
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    weight_bytes: int
    constant_bytes: int
    channels: int
    constant_channels: int
    macs: int
    operators: tuple[OperatorSummary, ...]
    plan: MemoryPlan
    probes: tuple[Probe, ...]
    graph: Graph
    sha256: str

    @property
    def ram_bytes(self) -> int:
        """Arena, inputs and outputs."""
        return self.arena_bytes + (self.input_bytes + self.output_bytes if self.options.buffers == "separate" else 0)


def compile_model(
    model: Path,
    out: Path,
    *,
    target: str,
    name: str | None = None,
    options: PlanOptions | None = None,
    traced: bool = False,
) -> CompiledModel:
    """Compile a .tflite file to C11 in the folder `out`, which is made if need be.

    target: a name of edgekd.compiler.targets. name: prefix of files and C names; by default made of the file's name.
    options: how memory is planned. traced: the C shows every tensor to firmware/kernels/trace on the way.
    Files are replaced one by one, each at once, and only when all of them could be made; other files in `out` stay.
    Raises InputError that names the file and the operator, tensor or option that cannot be used.
    """
    options = options or PlanOptions()
    chosen = find_target(target)
    if options.optimize == "flash":  # the portable kernels are the smallest
        chosen = replace(chosen, kernels=("portable",))
    name = c_text.name_from(model.stem) if name is None else c_text.check_name(name)
    graph, folded = fold_padding(keep_values(read_tflite(model)))
    try:
        steps = [
            Folded() if position in folded else ops.lower(operator) for position, operator in enumerate(graph.operators)
        ]
        graph, slim, kept = leave_out_constant_channels(graph, steps)
        calls = tuple(_call(step, whole, chosen) for step, whole in zip(slim, steps, strict=True))
        plan = plan_memory(calls, graph, options)
        speed = PlanOptions(options.buffers, "speed")
        whole = plan if options == speed else plan_memory(calls, graph, speed)
        if plan.arena_bytes > _MAX_ARENA:
            raise InputError("needs more than 2 GiB of memory", *_largest(plan))
        kernels = shipped("firmware") / "kernels"
        probes = place_probes(calls, plan.stages, kept) if traced else ()
        texts = emit(graph, calls, plan, probes, name=name, model=model.name, kernels=kernels, target=chosen)
    except EdgekdError as error:
        raise type(error)(f"{model}: {error.message}", *error.hints) from None
    files = _write(out, texts)
    operators = _summaries(graph, calls, plan)
    return CompiledModel(
        name=name,
        target=chosen.name,
        out=out,
        files=files,
        arena_bytes=plan.arena_bytes,
        whole_arena_bytes=whole.arena_bytes,
        options=options,
        input_bytes=sum(tensor.nbytes for tensor in graph.inputs),
        output_bytes=sum(tensor.nbytes for tensor in graph.outputs),
        inputs=graph.inputs,
        outputs=graph.outputs,
        weight_bytes=sum(operator.weight_bytes for operator in operators),
        constant_bytes=sum(operator.constant_bytes for operator in operators),
        channels=_channels(steps),
        constant_channels=_channels(steps) - _channels(slim),
        macs=sum(operator.macs for operator in operators),
        operators=operators,
        plan=plan,
        probes=probes,
        graph=graph,
        sha256=graph.sha256,
    )


def _call(step: Step, whole: Step, target: Target) -> Lowered:
    """How `target` computes `step`. whole: the same with all its channels, whose multiply-accumulates are counted."""
    if isinstance(step, Lowered):
        return step
    call = choose(step, target)
    return replace(call, macs=whole.macs) if isinstance(whole, Sums) else call


def _channels(steps: Sequence[Step]) -> int:
    return sum(step.outputs for step in steps if isinstance(step, Sums))


def _largest(plan: MemoryPlan) -> list[str]:
    step = max(plan.steps, key=lambda step: step.live_bytes)
    return [f"largest moment: operator {step.operator}, {step.live_bytes} bytes"]


def _summaries(graph: Graph, calls: Sequence[Lowered], plan: MemoryPlan) -> tuple[OperatorSummary, ...]:
    written: set[tuple[str, bytes]] = set()

    def new(constants: Sequence[ConstantArray]) -> list[ConstantArray]:
        """Those whose content no operator before has: each content is in flash once."""
        fresh = {content_key(array.values): array for array in constants}
        found = [array for key, array in fresh.items() if key not in written]
        written.update(fresh)
        return found

    found = []
    steps = {step.operator: step for step in plan.steps}
    for operator, call in zip(graph.operators, calls, strict=True):
        kernel = call if isinstance(call, KernelCall) else None
        constants = new(kernel.constants if kernel else ())
        moving = [tensor for tensor in operator.inputs if tensor is not None and not tensor.is_constant]
        found.append(
            OperatorSummary(
                index=operator.index,
                name=operator.name,
                kernel=kernel.function if kernel else "",
                inputs=tuple(tensor.shape for tensor in moving),
                outputs=tuple(tensor.shape for tensor in operator.outputs),
                macs=kernel.macs if kernel else 0,
                weight_bytes=sum(array.weight_bytes for array in constants),
                constant_bytes=sum(array.nbytes for array in constants),
                live_bytes=steps[operator.index].live_bytes if kernel else 0,
            )
        )
    return tuple(found)


def _write(out: Path, texts: dict[str, str]) -> tuple[Path, ...]:
    """Write every file beside its place first, then move them all in; a file that is right already stays untouched."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".edgekd-", dir=out) as folder:
            changed = [name for name, text in texts.items() if not _holds(out / name, text)]
            for name in changed:
                Path(folder, name).write_text(texts[name], encoding="utf-8")
            for name in changed:
                os.replace(Path(folder, name), out / name)
    except OSError as error:
        raise InputError(f"{out}: cannot write the C files there: {error.strerror or error}") from None
    return tuple(out / name for name in texts)


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False
