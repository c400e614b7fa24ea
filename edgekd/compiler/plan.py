"""Where every tensor lives, and in which order rows are made.

A tensor and its reshaped aliases are one *storage*: a block of the arena, one of the caller's buffers, or a constant.
Calls that follow one another can run as a chain, row by row, so that the tensors between them are rings of a few rows;
an output may lie over an input that is used up as the output grows (see sweep.py). What is worth it is searched for:
every plan tried is packed, and the smallest arena wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from edgekd.compiler.graph import Graph, Tensor
from edgekd.compiler.lowered import KernelCall, Lowered
from edgekd.compiler.packing import Block, Overlap, Packing, aligned, pack
from edgekd.compiler.storages import Buffers, Copy, Place, Storage, Storages
from edgekd.compiler.sweep import Sweep, image_rows, rows_of, run_overlap
from edgekd.errors import InputError

_LARGEST = 8  # tensors a step lists
_LONGEST_CHAIN = 8  # calls: with up to 16 the arenas of the MLPerf Tiny models are the same
_MOST_TRIES = 400  # plans packed in one search …
_WORK = 3_000_000  # … and pairs of blocks looked at in all of them: keeps the largest graph to seconds

Order = Literal["whole", "up", "down"]
Optimize = Literal["speed", "balanced", "ram", "flash"]


@dataclass(frozen=True)
class Stage:
    """Calls that run together: `calls` are their positions, in order; more than one is a chain, made row by row.

    order: of a single call; "whole" images at once, or row by row, "down" from the first or "up" from the last.
    """

    calls: tuple[int, ...]
    order: Order = "whole"


@dataclass(frozen=True)
class Step:
    """What of the arena is in use while one operator runs. tensors: (index, bytes) of the largest, largest first."""

    operator: int
    live_bytes: int
    scratch_bytes: int
    tensors: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class MemoryPlan:
    """places: of every tensor that has bytes at run time, by index. outputs: where each output of the graph is found;
    the places of its tensors, but for those `copies` makes. scratch: arena offset by call.

    stages: in execution order; aliases are in none. bound: no plan with these stages has a smaller arena.
    """

    places: dict[int, Place]
    outputs: tuple[Place, ...]
    scratch: dict[int, int]
    copies: tuple[Copy, ...]
    stages: tuple[Stage, ...]
    arena_bytes: int
    bound: int
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class PlanOptions:
    """What a plan is to be like.

    buffers: "separate": inputs and outputs are the caller's; "arena": they are part of it, where later tensors may take
    an input's place. optimize: "speed" keeps to whole images; "ram" works row by row wherever that makes the arena
    smaller; "balanced" and "flash" do so where it makes a difference (no result is computed twice either way, but
    kernels are a little faster over whole images). ram_limit: bytes for arena, inputs and outputs; what is over it is
    planned more frugally than `optimize` says.
    """

    buffers: Buffers = "separate"
    optimize: Optimize = "balanced"
    ram_limit: int | None = None


_FRUGAL: tuple[Optimize, ...] = ("speed", "balanced", "ram")
_SLACK = {"balanced": 1 / 32, "ram": 0.0}  # of the arena, that whole images may cost


def plan_memory(calls: Sequence[Lowered], graph: Graph, options: PlanOptions | None = None) -> MemoryPlan:
    """Plan one inference. calls: what each operator of `graph` became, in execution order.

    Raises InputError when no plan keeps to the limit.
    """
    options = options or PlanOptions()
    storages = Storages(calls, graph, options.buffers)
    callers = sum(tensor.nbytes for tensor in (*graph.inputs, *graph.outputs)) if options.buffers == "separate" else 0
    wanted: Optimize = "balanced" if options.optimize == "flash" else options.optimize
    for optimize in _FRUGAL[_FRUGAL.index(wanted) :]:
        plan = _Search(storages, optimize).plan()
        if options.ram_limit is None or plan.arena_bytes + callers <= options.ram_limit:
            return plan
    least = plan.arena_bytes + callers
    raise InputError(
        f"needs {least} bytes of RAM row by row, the limit is {options.ram_limit}",
        *([] if options.buffers == "arena" else ["inputs and outputs in the arena may save some (--buffers arena)"]),
    )


@dataclass(frozen=True, eq=False)
class _Layout:
    """One set of stages, packed. blocks and their owners: a storage, or None for the scratch of a stage."""

    stages: tuple[Stage, ...]
    blocks: tuple[Block, ...]
    owners: tuple[Storage | None, ...]
    overlaps: dict[tuple[int, int], Overlap]
    packing: Packing

    def live(self, position: int) -> list[int]:
        """The blocks alive while a stage runs."""
        return [i for i, block in enumerate(self.blocks) if block.first <= position <= block.last]

    def in_use(self, position: int) -> int:
        """Bytes of the arena that belong to some block alive in a stage."""
        end = used = 0
        for start, stop in sorted(
            (self.packing.offsets[i], self.packing.offsets[i] + aligned(self.blocks[i].size))
            for i in self.live(position)
        ):
            used += max(stop, end) - max(start, end)
            end = max(stop, end)
        return used


class _Search:
    """Looks for the stages with the smallest arena."""

    def __init__(self, storages: Storages, optimize: Optimize) -> None:
        self._storages = storages
        self._calls = storages.calls
        self._by_rows = optimize != "speed"
        self._slack = _SLACK.get(optimize, 0.0)
        self._whole: set[int] = set()  # calls that shall not be cut into rows
        self._tries = 0
        self._most_tries = 0
        self._known: dict[tuple[tuple[int, ...], int, int, bool], Overlap | None] = {}
        self._rings: dict[tuple[tuple[int, ...], int], int] = {}

    def plan(self) -> MemoryPlan:
        singles = [Stage((i,)) for i, call in enumerate(self._calls) if isinstance(call, KernelCall)]
        best = self._lay_out(singles)
        pairs = sum(len(best.live(position)) for position in range(len(best.stages)))
        self._most_tries = min(_MOST_TRIES, _WORK // max(pairs * len(best.blocks), 1))
        if self._by_rows:
            best = self._chain(best)
            best = self._relax(best)
        return self._finish(best)

    def _chain(self, best: _Layout) -> _Layout:
        """Join stages at the largest moment as long as that makes the arena smaller."""
        while True:
            found = min(
                (self._lay_out(stages, thorough=False) for stages in self._candidates(best)),
                key=lambda layout: layout.packing.total,
                default=best,
            )
            if found.packing.total >= best.packing.total:
                return best
            best = self._lay_out(found.stages)

    def _candidates(self, layout: _Layout) -> Iterator[list[Stage]]:
        """The stages of `layout` with a run of neighbours joined, one of them a largest moment."""
        stages = layout.stages
        used = [layout.in_use(position) for position in range(len(stages))]
        peaks = [position for position, size in enumerate(used) if size >= 0.95 * max(used)]
        tried = set()
        for peak in peaks:
            for first in range(max(peak - _LONGEST_CHAIN + 1, 0), peak + 1):
                for last in range(max(peak, first + 1), min(first + _LONGEST_CHAIN, len(stages))):
                    if (first, last) in tried or self._tries >= self._most_tries:
                        continue
                    tried.add((first, last))
                    joined = [call for stage in stages[first : last + 1] for call in stage.calls]
                    if all(self._storages.can_follow(a, b) for a, b in pairwise(joined)):
                        self._tries += 1
                        yield [*stages[:first], Stage(tuple(joined)), *stages[last + 1 :]]

    def _relax(self, best: _Layout) -> _Layout:
        """Give whole images back to calls that are cut into rows for nothing, or for little."""
        most = best.packing.total * (1 + self._slack)
        for stage in best.stages:
            (call, *others) = stage.calls
            if others or self._order(best, stage) == "whole" or self._tries >= 2 * self._most_tries:
                continue
            self._tries += 1
            self._whole.add(call)
            attempt = self._lay_out([replace(stage, order="whole") for stage in best.stages])
            if attempt.packing.total <= most:
                best = attempt
            else:
                self._whole.remove(call)
        return best

    def _lay_out(self, stages: Sequence[Stage], *, thorough: bool = True) -> _Layout:
        position = {call: at for at, stage in enumerate(stages) for call in stage.calls}
        position |= {-1: -1, len(self._calls): len(stages)}
        for step, call in enumerate(self._calls):
            if not isinstance(call, KernelCall):
                position[step] = max((position[before] for before in range(step) if before in position), default=-1)
        blocks: list[Block] = []
        owners: list[Storage | None] = []
        for storage in self._storages.all:
            if storage.fixed is None:
                rows = self._ring_rows(storage, stages, position)
                size = storage.size // image_rows(storage.members[0]) * rows if rows else storage.size
                blocks.append(Block(size, position[storage.first], position[storage.last]))
                owners.append(storage)
        index = {id(storage): i for i, storage in enumerate(owners)}
        for at, stage in enumerate(stages):
            scratch = max(self._call(call).scratch_bytes for call in stage.calls)
            if scratch:
                blocks.append(Block(scratch, at, at))
                owners.append(None)
        overlaps = {
            (index[id(new)], index[id(old)]): overlap for stage in stages for new, old, overlap in self._overlaps(stage)
        }
        packing = pack(blocks, overlaps, thorough=thorough)
        return _Layout(tuple(stages), tuple(blocks), tuple(owners), overlaps, packing)

    def _call(self, step: int) -> KernelCall:
        call = self._calls[step]
        assert isinstance(call, KernelCall)
        return call

    def _ring_rows(self, storage: Storage, stages: Sequence[Stage], position: dict[int, int]) -> int:
        """Rows to keep of a tensor that lives inside a chain, 0 for all."""
        if storage.first < 0 or storage.last >= len(self._calls) or len(storage.members) != 1:
            return 0
        stage = stages[position[storage.first]]
        if storage.first == stage.calls[-1] or position[storage.last] != position[storage.first]:
            return 0
        at = stage.calls.index(storage.first)
        if (stage.calls, at) not in self._rings:
            self._rings[stage.calls, at] = Sweep([self._call(call) for call in stage.calls]).ring_rows(at)
        return self._rings[stage.calls, at]

    def _overlaps(self, stage: Stage) -> Iterator[tuple[Storage, Storage, Overlap]]:
        """Pairs of an output and an input of `stage` that may share memory, and how."""
        calls = [self._call(step) for step in stage.calls]
        made = {tensor.index for call in calls[:-1] for tensor in call.outputs}
        sources = {
            tensor.index: tensor
            for call in calls
            for tensor in call.inputs
            if tensor.index not in made and self._storages.dies_in(tensor, stage.calls)
        }
        for target in calls[-1].outputs:
            new = self._storages.of[target.index]
            if new.fixed is not None:
                continue
            for source in sources.values():
                key = (stage.calls, target.index, source.index, stage.calls[0] in self._whole)
                if key not in self._known:
                    self._known[key] = self._overlap(stage, calls, target, source)
                overlap = self._known[key]
                if overlap is not None and len(sources) > 1:  # all of them from the same side
                    overlap = replace(overlap, above=None)
                if overlap is not None:
                    yield new, self._storages.of[source.index], overlap

    def _overlap(self, stage: Stage, calls: Sequence[KernelCall], target: Tensor, source: Tensor) -> Overlap | None:
        old = self._storages.of[source.index]
        views = {tensor.index for call in calls for tensor in call.inputs if self._storages.of[tensor.index] is old}
        if len(views) > 1:  # read under two shapes at once: leave it alone
            return None
        last = calls[-1]
        pairs = {(last.outputs.index(target), at) for at, tensor in enumerate(last.inputs) if tensor is source}
        same = len(calls) == 1 and pairs <= set(last.in_place)
        if all(rows_of(call) is not None for call in calls):
            if len(calls) == 1 and (stage.calls[0] in self._whole or not self._by_rows):
                below = Sweep(calls).overlap(source).below if last.run else None
                return Overlap(below=below, same=same) if same or last.run else None
            return replace(Sweep(calls).overlap(source), same=same)
        if last.run is not None and last.images == 1:
            return run_overlap(last, source)
        return Overlap(same=True) if same else None

    def _order(self, layout: _Layout, stage: Stage) -> Order:
        """In which order a single call has to go through its rows in this layout."""
        call = self._call(stage.calls[0])
        if len(stage.calls) > 1 or rows_of(call) is None:
            return "whole"
        place = {id(owner): i for i, owner in enumerate(layout.owners) if owner is not None}
        new = place.get(id(self._storages.of[call.outputs[0].index]))
        order: Order = "whole"
        for (a, b), overlap in layout.overlaps.items():
            start_a, start_b = layout.packing.offsets[a], layout.packing.offsets[b]
            apart = start_a + layout.blocks[a].size <= start_b or start_b + layout.blocks[b].size <= start_a
            if a != new or apart or (overlap.same and start_a == start_b):
                continue
            if overlap.below is not None and start_b - start_a >= overlap.below:
                order = "whole" if call.run else "down"
            else:
                return "up"
        return order

    def _finish(self, layout: _Layout) -> MemoryPlan:
        placed = {id(storage): storage.fixed for storage in self._storages.all}
        for offset, owner, block in zip(layout.packing.offsets, layout.owners, layout.blocks, strict=True):
            if owner is not None:
                rows = block.size * image_rows(owner.members[0]) // owner.size if block.size < owner.size else 0
                placed[id(owner)] = Place("arena", offset, rows)
        places = {
            tensor.index: place
            for storage in self._storages.all
            if (place := placed[id(storage)]) is not None
            for tensor in storage.members
        }
        owned = zip(layout.packing.offsets, layout.owners, strict=True)
        scratches = iter([offset for offset, owner in owned if owner is None])
        scratch = {}
        for stage in layout.stages:
            if any(self._call(call).scratch_bytes for call in stage.calls):
                scratch.update(dict.fromkeys(stage.calls, next(scratches)))
        return MemoryPlan(
            places=places,
            outputs=tuple(place for storage in self._storages.outputs if (place := placed[id(storage)])),
            scratch=scratch,
            copies=self._storages.copies,
            stages=tuple(replace(stage, order=self._order(layout, stage)) for stage in layout.stages),
            arena_bytes=layout.packing.total,
            bound=layout.packing.bound,
            steps=tuple(self._steps(layout)),
        )

    def _steps(self, layout: _Layout) -> Iterable[Step]:
        """One for each operator; those of a chain are all alike."""
        for position, stage in enumerate(layout.stages):
            owned = [(layout.owners[i], layout.blocks[i].size) for i in layout.live(position)]
            tensors = sorted(
                ((owner.members[-1].index, size) for owner, size in owned if owner is not None),
                key=lambda pair: -pair[1],
            )[:_LARGEST]
            scratch = max(self._call(call).scratch_bytes for call in stage.calls)
            for call in stage.calls:
                yield Step(call, layout.in_use(position), scratch, tuple(tensors))
