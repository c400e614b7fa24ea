"""Where every tensor lives: in the caller's buffers, in flash, or at an offset of the arena.

A tensor and its reshaped aliases are one *storage*. Storages that an in-place kernel lets share memory are merged; a
merged storage that ends as a graph output lives in the caller's output buffer from the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from edgekd.compiler.graph import Graph, Tensor
from edgekd.compiler.lowered import Alias, KernelCall, Lowered
from edgekd.compiler.packing import Block, aligned, pack

_LARGEST = 8  # tensors a step lists

Region = Literal["input", "output", "constant", "arena"]


@dataclass(frozen=True)
class Place:
    """region "input" or "output": `at` is the position among the graph's inputs or outputs. "constant": the index
    of the constant tensor. "arena": an offset in bytes."""

    region: Region
    at: int


@dataclass(frozen=True)
class Copy:
    """After the last step: output buffer `output` gets the bytes of `source`, which lives elsewhere."""

    source: Tensor
    output: int


@dataclass(frozen=True)
class Step:
    """What is alive in the arena while one operator runs. tensors: (index, bytes) of the largest, largest first."""

    operator: int
    live_bytes: int
    scratch_bytes: int
    tensors: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class MemoryPlan:
    """places: of every tensor that has bytes at run time, by index. scratch: arena offset by step. in_place:
    (step, output index, input index) of the calls that write over an input. bound: no plan with these in-place
    operations has a smaller arena."""

    places: dict[int, Place]
    scratch: dict[int, int]
    copies: tuple[Copy, ...]
    in_place: tuple[tuple[int, int, int], ...]
    arena_bytes: int
    bound: int
    steps: tuple[Step, ...]


@dataclass(eq=False)
class _Storage:
    """Tensors that share their bytes. last: the last step that reads them; a graph output is read after all."""

    size: int
    first: int
    last: int
    members: list[Tensor]
    fixed: Place | None = None  # the caller's buffer or a constant; None: the arena


def plan_memory(calls: Sequence[Lowered], graph: Graph) -> MemoryPlan:
    """Plan one inference. calls: what each operator of `graph` became, in execution order.

    Three ways of using in-place kernels are tried (whenever allowed, only between equal sizes, never), because a
    merged block can be harder to place; the smallest arena wins, the earliest on a tie.
    """
    plans = []
    for allowed in ("always", "equal", "never"):
        plan = _Planner(calls, graph, allowed).plan()
        plans.append(plan)
        if not plan.in_place:
            break
    return min(plans, key=lambda plan: plan.arena_bytes)


class _Planner:
    def __init__(self, calls: Sequence[Lowered], graph: Graph, allowed: str) -> None:
        self._calls = calls
        self._graph = graph
        self._allowed = allowed
        self._of: dict[int, _Storage] = {}  # by tensor index
        self._in_place: list[tuple[int, int, int]] = []

    def plan(self) -> MemoryPlan:
        self._make_storages()
        copies = self._settle_outputs()
        self._merge()
        storages = _distinct(self._of.values())
        arena = [storage for storage in storages if storage.fixed is None]
        scratch = [
            (step, call.scratch_bytes)
            for step, call in enumerate(self._calls)
            if isinstance(call, KernelCall) and call.scratch_bytes > 0
        ]
        blocks = [Block(storage.size, storage.first, storage.last) for storage in arena]
        blocks += [Block(size, step, step) for step, size in scratch]
        packing = pack(blocks)
        places = {
            tensor.index: storage.fixed
            for storage in storages
            if storage.fixed is not None
            for tensor in storage.members
        }
        for storage, offset in zip(arena, packing.offsets, strict=False):
            places.update({tensor.index: Place("arena", offset) for tensor in storage.members})
        scratch_offsets = packing.offsets[len(arena) :]
        return MemoryPlan(
            places=places,
            scratch={step: offset for (step, _), offset in zip(scratch, scratch_offsets, strict=True)},
            copies=tuple(copies),
            in_place=tuple(self._in_place),
            arena_bytes=packing.total,
            bound=packing.bound,
            steps=tuple(_steps(self._calls, arena)),
        )

    def _make_storages(self) -> None:
        """One storage for each tensor an operator makes or reads, aliases joined, with its first and last step."""
        for position, tensor in enumerate(self._graph.inputs):
            self._new(tensor, -1, Place("input", position))
        for step, call in enumerate(self._calls):
            if isinstance(call, Alias):
                source = self._read(call.input, step)
                source.members.append(call.output)
                self._of[call.output.index] = source
                continue
            for tensor in call.inputs:
                self._read(tensor, step)
            for tensor in call.outputs:
                self._new(tensor, step, None)

    def _new(self, tensor: Tensor, step: int, fixed: Place | None) -> _Storage:
        storage = _Storage(tensor.nbytes, step, step, [tensor], fixed)
        self._of[tensor.index] = storage
        return storage

    def _read(self, tensor: Tensor, step: int) -> _Storage:
        storage = self._of.get(tensor.index)
        if storage is None:
            assert tensor.is_constant, f"tensor {tensor.index} is read before it is written"
            storage = self._new(tensor, step, Place("constant", tensor.index))
        storage.last = step
        return storage

    def _settle_outputs(self) -> list[Copy]:
        """Put each output's storage into its buffer; an input, a constant or what two outputs share is copied."""
        copies = []
        for position, tensor in enumerate(self._graph.outputs):
            storage = self._of[tensor.index]
            storage.last = len(self._calls)
            if storage.fixed is None:
                storage.fixed = Place("output", position)
            else:
                copies.append(Copy(tensor, position))
        return copies

    def _merge(self) -> None:
        """Let in-place kernels write over inputs that nothing needs any more."""
        if self._allowed == "never":
            return
        for step, call in enumerate(self._calls):
            if not isinstance(call, KernelCall):
                continue
            for output, source in sorted(in_place(call), key=lambda pair: -call.inputs[pair[1]].nbytes):
                if self._may_merge(step, call, output, source):
                    self._join(self._of[call.inputs[source].index], self._of[call.outputs[output].index])
                    self._in_place.append((step, call.outputs[output].index, call.inputs[source].index))

    def _may_merge(self, step: int, call: KernelCall, output: int, source: int) -> bool:
        old, new = self._of[call.inputs[source].index], self._of[call.outputs[output].index]
        if old.fixed is not None or old.last != step:
            return False
        # Neither may share memory already with another input or output of this call.
        if new.first != step or any(self._of[tensor.index] is old for tensor in call.outputs):
            return False
        if self._allowed == "equal" and old.size != new.size:
            return False
        if new.fixed is not None and old.size > new.size:  # would not fit the caller's buffer
            return False
        # The same bytes may be given at several positions (ADD x x): the kernel must be right for each of them.
        same = [i for i, tensor in enumerate(call.inputs) if self._of[tensor.index] is old]
        return all((output, i) in in_place(call) for i in same)

    def _join(self, old: _Storage, new: _Storage) -> None:
        """`old` lives on as `new`: which of the two has gathered many members already is `old`."""
        old.last, old.fixed = new.last, new.fixed
        old.size = max(new.size, old.size)
        old.members += new.members
        for tensor in new.members:
            self._of[tensor.index] = old


def in_place(call: KernelCall) -> tuple[tuple[int, int], ...]:
    """Pairs (output, input) that may be the same memory."""
    if call.run is None or not call.run.buffered:
        return call.in_place
    (target,) = call.outputs
    sources = enumerate(call.inputs)
    return tuple((0, i) for i, source in sources if source.nbytes == target.nbytes and not source.is_constant)


def _distinct(storages: Iterable[_Storage]) -> list[_Storage]:
    return list({id(storage): storage for storage in storages}.values())


def _steps(calls: Sequence[Lowered], arena: Sequence[_Storage]) -> Iterable[Step]:
    begins = sorted(arena, key=lambda storage: storage.first, reverse=True)
    live: list[_Storage] = []
    for index, call in enumerate(calls):
        while begins and begins[-1].first <= index:
            live.append(begins.pop())
        live = [storage for storage in live if storage.last >= index]
        scratch = call.scratch_bytes if isinstance(call, KernelCall) else 0
        tensors = sorted(((s.members[-1].index, s.size) for s in live), key=lambda pair: -pair[1])[:_LARGEST]
        yield Step(index, sum(aligned(s.size) for s in live) + aligned(scratch), scratch, tuple(tensors))
