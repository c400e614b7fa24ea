"""The memory plan, run symbolically: every byte of memory knows which byte of which tensor was written there last."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekd.compiler.graph import Graph, Tensor
from edgekd.compiler.lowered import Alias, KernelCall, Lowered, Rows, Run
from edgekd.compiler.packing import ALIGNMENT, Block, Overlap, pack
from edgekd.compiler.plan import MemoryPlan, Optimize, PlanOptions, Stage, plan_memory
from edgekd.compiler.storages import Buffers, Place
from edgekd.compiler.sweep import Sweep, image_rows, rows_of
from edgekd.errors import InputError

Byte = tuple[int, int]  # which tensor, and which byte of it


def tensor(index: int, size: int) -> Tensor:
    return Tensor(index, f"t{index}", (1, size), "int8")


def image(index: int, height: int, row: int) -> Tensor:
    return Tensor(index, f"t{index}", (1, height, row, 1), "int8")


def constant(index: int, size: int) -> Tensor:
    return Tensor(index, f"c{index}", (1, size), "int8", data=np.zeros((1, size), np.int8))


def call(
    inputs: list[Tensor],
    outputs: list[Tensor],
    *,
    in_place: tuple[tuple[int, int], ...] = (),
    scratch: int = 0,
    rows: Rows | None = None,
    run: Run | None = None,
) -> KernelCall:
    return KernelCall(
        "f", None, (), tuple(inputs), tuple(outputs), in_place=in_place, scratch_bytes=scratch, rows=rows, run=run
    )


def graph(tensors: list[Tensor], inputs: list[Tensor], outputs: list[Tensor]) -> Graph:
    return Graph(tuple(tensors), (), tuple(inputs), tuple(outputs), "", 0)


@dataclass
class Machine:
    """Runs a plan. origin: the tensor an alias stands for."""

    plan: MemoryPlan
    calls: list[Lowered]
    regions: dict[tuple[str, int], list[Byte | None]]
    origin: dict[int, int] = field(default_factory=dict)
    made: dict[int, int] = field(default_factory=dict)  # rows of each call so far

    def where(self, item: Tensor, at: int) -> tuple[list[Byte | None], int]:
        """Memory and index of byte `at` of a tensor."""
        place = self.plan.places[item.index]
        if place.ring_rows:
            row = item.nbytes // image_rows(item)
            at = at // row % place.ring_rows * row + at % row
        if place.region == "arena":
            return self.regions["arena", 0], place.at + at
        return self.regions[place.region, place.at], at

    def read(self, step: int, item: Tensor, begin: int, end: int) -> None:
        origin = self.origin.get(item.index, item.index)
        for at in range(begin, end):
            memory, index = self.where(item, at)
            assert memory[index] == (origin, at), f"call {step} reads byte {at} of {item.name}"

    def write(self, item: Tensor, begin: int, end: int) -> None:
        for at in range(begin, end):
            memory, index = self.where(item, at)
            memory[index] = (item.index, at)

    def scratch(self, step: int, call: KernelCall) -> None:
        if call.scratch_bytes:
            start = self.plan.scratch[step]
            assert start % ALIGNMENT == 0
            self.regions["arena", 0][start : start + call.scratch_bytes] = [None] * call.scratch_bytes

    def at_once(self, step: int, call: KernelCall) -> None:
        """A call that reads and writes in any order: everything is read again after everything is written, but what
        may be shared in place."""
        shared = {
            (o, i)
            for o, i in call.in_place
            if self.plan.places[call.outputs[o].index] == self.plan.places[call.inputs[i].index]
        }
        for item in call.inputs:
            self.read(step, item, 0, item.nbytes)
        self.scratch(step, call)
        for item in call.outputs:
            self.write(item, 0, item.nbytes)
        for i, item in enumerate(call.inputs):
            if not any(source == i for _, source in shared):
                self.read(step, item, 0, item.nbytes)
        for item in call.outputs:
            self.read(step, item, 0, item.nbytes)

    def row(self, step: int, y: int) -> None:
        call = self.calls[step]
        assert isinstance(call, KernelCall)
        rows = rows_of(call)
        assert rows is not None
        (target,) = call.outputs
        size = target.nbytes // rows.count
        if call.run is not None:
            self.units(step, call, y * call.run.count // rows.count, (y + 1) * call.run.count // rows.count)
            return
        first, last = (
            max(y * rows.stride - rows.padding, 0),
            min(y * rows.stride - rows.padding + rows.reach, rows.input_rows),
        )
        (source,) = call.inputs
        width = source.nbytes // rows.input_rows
        for again in (False, True):
            if first < last:
                self.read(step, source, first * width, last * width)
            if not again:
                self.scratch(step, call)
                self.write(target, y * size, (y + 1) * size)
        self.read(step, target, y * size, (y + 1) * size)

    def units(self, step: int, call: KernelCall, begin: int, end: int) -> None:
        assert call.run is not None
        block = max(call.run.buffered, 1)
        shares = [(item, item.nbytes // call.run.count) for item in call.inputs]
        (target,) = call.outputs
        out = target.nbytes // call.run.count
        for unit in range(begin, end, block):
            stop = min(unit + block, end)
            for item, share in shares:
                self.read(step, item, unit * share, stop * share)
            self.scratch(step, call)
            self.write(target, unit * out, stop * out)
            if not call.run.buffered:
                for item, share in shares:
                    self.read(step, item, unit * share, stop * share)

    def chain(self, steps: tuple[int, ...], upto: int) -> None:
        """Rows of the last of `steps` up to `upto`, those before it as needed."""
        *before, step = steps
        sweep = Sweep([c for s in steps if isinstance(c := self.calls[s], KernelCall)])
        while self.made.get(step, 0) < upto:
            y = self.made.get(step, 0)
            if before:
                self.chain(tuple(before), sweep.rows_needed(len(before), y)[1])
            self.row(step, y)
            self.made[step] = y + 1

    def stage(self, stage: Stage) -> None:
        (step, *others) = stage.calls
        kernel = self.calls[step]
        assert isinstance(kernel, KernelCall)
        rows = rows_of(kernel)
        if others:
            last = self.calls[stage.calls[-1]]
            assert isinstance(last, KernelCall)
            target_rows = rows_of(last)
            assert target_rows is not None
            self.chain(stage.calls, target_rows.count)
        elif stage.order == "whole":
            if kernel.run is not None:
                self.units(step, kernel, 0, kernel.run.count)
            else:
                self.at_once(step, kernel)
        else:
            assert rows is not None
            for y in range(rows.count) if stage.order == "down" else reversed(range(rows.count)):
                self.row(step, y)


def check(plan: MemoryPlan, calls: list[Lowered], model: Graph) -> None:
    """Assert that the plan computes the right thing."""
    regions: dict[tuple[str, int], list[Byte | None]] = {("arena", 0): [None] * plan.arena_bytes}
    for position, item in enumerate(model.inputs):
        regions["input", position] = [(item.index, at) for at in range(item.nbytes)]
    for position, item in enumerate(model.outputs):
        regions["output", position] = [None] * item.nbytes
    for item in model.tensors:
        if item.is_constant:
            regions["constant", item.index] = [(item.index, at) for at in range(item.nbytes)]
    machine = Machine(plan, calls, regions)
    for item in model.inputs:
        if plan.places[item.index].region == "arena":
            machine.write(item, 0, item.nbytes)
    for lowered in calls:
        if isinstance(lowered, Alias):
            machine.origin[lowered.output.index] = machine.origin.get(lowered.input.index, lowered.input.index)
            assert plan.places[lowered.output.index] == plan.places[lowered.input.index]
    for stage in plan.stages:
        machine.stage(stage)
    assert [call for stage in plan.stages for call in stage.calls] == [
        step for step, call in enumerate(calls) if isinstance(call, KernelCall)
    ]
    for copy in plan.copies:
        machine.read(len(calls), copy.source, 0, copy.source.nbytes)
        place, origin = plan.outputs[copy.output], machine.origin.get(copy.source.index, copy.source.index)
        key, start = (("arena", 0), place.at) if place.region == "arena" else ((place.region, place.at), 0)
        regions[key][start : start + copy.source.nbytes] = [(origin, at) for at in range(copy.source.nbytes)]
    for item, place in zip(model.outputs, plan.outputs, strict=True):
        key, start = (("arena", 0), place.at) if place.region == "arena" else ((place.region, place.at), 0)
        origin = machine.origin.get(item.index, item.index)
        assert regions[key][start : start + item.nbytes] == [(origin, at) for at in range(item.nbytes)]
    for position, item in enumerate(model.inputs):
        assert regions["input", position] == [(item.index, at) for at in range(item.nbytes)]


OPTIMIZE: list[Optimize] = ["speed", "balanced", "ram", "flash"]
BUFFERS: list[Buffers] = ["separate", "arena"]
some_options = st.builds(PlanOptions, buffers=st.sampled_from(BUFFERS), optimize=st.sampled_from(OPTIMIZE))


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Lowered], Graph]:
    """Random graphs: several inputs and outputs, constants, aliases, in-place kernels, dead outputs, scratch."""
    sizes = st.integers(1, 40)
    tensors: list[Tensor] = []

    def new(size: int) -> Tensor:
        tensors.append(tensor(len(tensors), size))
        return tensors[-1]

    inputs = [new(draw(sizes)) for _ in range(draw(st.integers(1, 3)))]
    constants = []
    for _ in range(draw(st.integers(0, 2))):
        constants.append(constant(len(tensors), draw(sizes)))
        tensors.append(constants[-1])
    calls: list[Lowered] = []
    readable = [*inputs, *constants]
    for _ in range(draw(st.integers(0, 12))):
        if draw(st.integers(0, 4)) == 0:
            source = draw(st.sampled_from(readable))
            output = new(source.nbytes)
            calls.append(Alias(source, output))
            readable.append(output)
            continue
        recent = st.sampled_from(readable[-3:]) if draw(st.booleans()) else st.sampled_from(readable)
        sources = draw(st.lists(recent, min_size=1, max_size=3))
        like = draw(st.sampled_from(sources)).nbytes
        outputs = [new(like if draw(st.booleans()) else draw(sizes)) for _ in range(draw(st.integers(1, 3)))]
        pairs = [(o, i) for o in range(len(outputs)) for i in range(len(sources))]
        allowed = tuple(
            (o, i)
            for o, i in draw(st.lists(st.sampled_from(pairs), unique=True))
            if outputs[o].nbytes == sources[i].nbytes
        )
        calls.append(call(sources, outputs, in_place=allowed, scratch=draw(st.sampled_from([0, 0, 0, 5, 30]))))
        readable += outputs
    computed = [item for item in readable if not item.is_constant]
    outputs = draw(st.lists(st.sampled_from(computed), min_size=1, max_size=3))
    return calls, graph(tensors, inputs, outputs)


@st.composite
def networks(draw: st.DrawFn) -> tuple[list[Lowered], Graph]:
    """Random networks over images: windows of any stride and padding, runs, residuals, scratch."""
    tensors = [image(0, draw(st.integers(1, 12)), draw(st.integers(1, 6)))]
    calls: list[Lowered] = []
    for _ in range(draw(st.integers(1, 7))):
        source = tensors[-1] if draw(st.integers(0, 5)) else draw(st.sampled_from(tensors))
        height, scratch = image_rows(source), draw(st.sampled_from([0, 0, 7]))
        kind = draw(st.sampled_from(["window", "window", "run", "sum", "run of all"]))
        if kind == "window":
            reach, stride = draw(st.integers(1, 5)), draw(st.integers(1, 3))
            padding = draw(st.integers(0, reach - 1))
            count = max((height + 2 * padding - reach) // stride + 1, 1)
            target = image(len(tensors), count, draw(st.integers(1, 6)))
            rows = Rows(count, stride, reach, padding, height)
            in_place = ((0, 0),) if source.nbytes == target.nbytes and draw(st.booleans()) else ()
            calls.append(call([source], [target], rows=rows, in_place=in_place, scratch=scratch))
        elif kind == "sum":
            like = [item for item in tensors if item.shape == source.shape]
            other = draw(st.sampled_from(like))
            target = Tensor(len(tensors), f"t{len(tensors)}", source.shape, "int8")
            calls.append(call([source, other], [target], run=Run(source.nbytes, draw(st.integers(0, 3)))))
        else:
            width = source.shape[2]
            pixels = draw(st.sampled_from([n for n in range(1, width + 1) if width % n == 0]))
            units = height * pixels if kind == "run" else 1
            target = image(len(tensors), height, pixels * draw(st.integers(1, 4)))
            calls.append(call([source], [target], run=Run(units, draw(st.integers(0, 3))), scratch=scratch))
        tensors.append(target)
    outputs = [tensors[-1], *([draw(st.sampled_from(tensors))] if draw(st.integers(0, 3)) == 0 else [])]
    return calls, graph(tensors, tensors[:1], outputs)


@given(graphs() | networks(), some_options)
def test_every_byte_keeps_its_value_until_its_last_use(case: tuple[list[Lowered], Graph], options: PlanOptions) -> None:
    calls, model = case
    plan = plan_memory(calls, model, options)
    check(plan, calls, model)
    assert plan.arena_bytes >= max((step.live_bytes for step in plan.steps), default=0)


@given(networks(), st.sampled_from(BUFFERS))
def test_whole_images_never_take_less_memory_than_rows(case: tuple[list[Lowered], Graph], buffers: Buffers) -> None:
    calls, model = case
    speed, ram = (plan_memory(calls, model, PlanOptions(buffers, optimize)) for optimize in ("speed", "ram"))
    assert ram.arena_bytes <= speed.arena_bytes
    assert all(len(stage.calls) == 1 and stage.order == "whole" for stage in speed.stages)


@st.composite
def overlapping_blocks(draw: st.DrawFn) -> tuple[list[Block], dict[tuple[int, int], Overlap]]:
    blocks, overlaps, at = [], {}, 0
    for _ in range(draw(st.integers(0, 25))):
        length = draw(st.integers(0, 6))
        blocks.append(Block(draw(st.integers(1, 50)), at, at + length))
        at += draw(st.sampled_from([0, length, length]))
    for new, a in enumerate(blocks):
        for old, b in enumerate(blocks):
            if new != old and b.last == a.first and b.first < a.first and draw(st.booleans()):
                distance = st.none() | st.integers(-60, 60)
                overlaps[new, old] = Overlap(draw(distance), draw(distance), draw(st.booleans()))
    return blocks, overlaps


@given(overlapping_blocks())
def test_blocks_alive_together_lie_as_they_may(case: tuple[list[Block], dict[tuple[int, int], Overlap]]) -> None:
    blocks, overlaps = case
    packing = pack(blocks, overlaps)
    assert packing.bound <= packing.total <= sum(block.size + ALIGNMENT for block in blocks)
    for i, a in enumerate(blocks):
        assert packing.offsets[i] % ALIGNMENT == 0
        for j, b in enumerate(blocks):
            start, other = packing.offsets[i], packing.offsets[j]
            apart = start + a.size <= other or other + b.size <= start
            if i == j or apart or a.last < b.first or b.last < a.first or (j, i) in overlaps:
                continue
            may = overlaps[i, j]
            assert (
                (may.below is not None and other - start >= may.below)
                or (may.above is not None and start - other >= may.above)
                or (may.same and start == other)
            )


def test_a_sequence_needs_its_largest_neighbours_only() -> None:
    x, a, b, c, y = (tensor(i, size) for i, size in enumerate((8, 400, 100, 200, 4)))
    calls: list[Lowered] = [call([x], [a]), call([a], [b]), call([b], [c]), call([c], [y])]
    plan = plan_memory(calls, graph([x, a, b, c, y], [x], [y]))
    assert plan.arena_bytes == 500
    assert plan.places[y.index] == Place("output", 0)


def test_an_in_place_kernel_halves_the_memory() -> None:
    x, a, b, y = (tensor(i, 100) for i in range(4))
    calls: list[Lowered] = [call([x], [a]), call([a], [b], in_place=((0, 0),)), call([b], [y])]
    plan = plan_memory(calls, graph([x, a, b, y], [x], [y]))
    assert plan.places[a.index] == plan.places[b.index]
    assert plan.arena_bytes == 100


def test_a_tensor_needed_later_is_not_written_over() -> None:
    x, a, b, y = (tensor(i, 100) for i in range(4))
    calls: list[Lowered] = [call([x], [a]), call([a], [b], in_place=((0, 0),)), call([a, b], [y])]
    plan = plan_memory(calls, graph([x, a, b, y], [x], [y]))
    assert plan.arena_bytes == 200


def test_a_tensor_given_twice_is_written_over_only_if_the_kernel_is_right_for_both() -> None:
    x, a, y, z = (tensor(i, 100) for i in range(4))
    model = graph([x, a, y, z], [x], [z])
    for allowed, size in (((0, 0),), 200), (((0, 0), (0, 1)), 100):
        calls: list[Lowered] = [call([x], [a]), call([a, a], [y], in_place=allowed), call([y], [z])]
        plan = plan_memory(calls, model)
        assert plan.arena_bytes == size
        check(plan, calls, model)


@pytest.mark.parametrize("buffers", BUFFERS)
def test_an_input_that_is_an_output_is_copied(buffers: Buffers) -> None:
    x, y = tensor(0, 10), tensor(1, 10)
    calls: list[Lowered] = [Alias(x, y)]
    model = graph([x, y], [x], [y, x])
    plan = plan_memory(calls, model, PlanOptions(buffers))
    assert [(copy.source.index, copy.output) for copy in plan.copies] == [(1, 0), (0, 1)]
    assert plan.arena_bytes == (0 if buffers == "separate" else 36)
    check(plan, calls, model)


def test_scratch_is_alive_in_its_own_step_only() -> None:
    x, a, y = tensor(0, 4), tensor(1, 100), tensor(2, 4)
    calls: list[Lowered] = [call([x], [a], scratch=300), call([a], [y], scratch=300)]
    plan = plan_memory(calls, graph([x, a, y], [x], [y]))
    assert plan.arena_bytes == 400


def three_by_three(height: int, *, stride: int = 1) -> Rows:
    return Rows(height // stride, stride, 3, 1, height)


def test_a_window_over_an_image_works_in_place_with_two_rows_more() -> None:
    x, a, b, y = (image(i, 20, 40) for i in range(4))
    calls: list[Lowered] = [call([p], [q], rows=three_by_three(20)) for p, q in pairwise((x, a, b, y))]
    plan = plan_memory(calls, graph([x, a, b, y], [x], [y]), PlanOptions("arena", "ram"))
    assert plan.arena_bytes <= 20 * 40 + 2 * 40 * 3


def test_a_window_kernel_that_allows_it_computes_whole_images_over_its_input() -> None:
    x, a, b, y = (image(i, 20, 40) for i in range(4))
    calls: list[Lowered] = [
        call([p], [q], rows=three_by_three(20), in_place=((0, 0),)) for p, q in pairwise((x, a, b, y))
    ]
    plan = plan_memory(calls, graph([x, a, b, y], [x], [y]), PlanOptions("arena"))
    assert plan.arena_bytes == 20 * 40
    assert [stage.order for stage in plan.stages] == ["whole"] * 3


def test_a_pointwise_layer_that_widens_takes_the_room_of_its_output() -> None:
    x, y = image(0, 20, 8), image(1, 20, 32)
    calls: list[Lowered] = [call([x], [y], run=Run(80, buffered=2))]
    plan = plan_memory(calls, graph([x, y], [x], [y]), PlanOptions("arena"))
    assert plan.arena_bytes <= y.nbytes + 32


def test_what_is_needed_row_by_row_is_kept_row_by_row() -> None:
    x, wide, y = image(0, 32, 10), image(1, 32, 100), image(2, 16, 20)
    calls: list[Lowered] = [
        call([x], [wide], run=Run(32 * 10)),
        call([wide], [y], rows=three_by_three(32, stride=2)),
    ]
    plan = plan_memory(calls, graph([x, wide, y], [x], [y]))
    assert plan.stages == (Stage((0, 1)),)
    assert plan.places[wide.index].ring_rows == 3
    assert plan.arena_bytes == 3 * 100


def test_a_limit_takes_the_fastest_plan_below_it_and_says_when_there_is_none() -> None:
    x, wide, y = image(0, 32, 10), image(1, 32, 100), image(2, 16, 20)
    calls: list[Lowered] = [call([x], [wide], run=Run(32 * 10)), call([wide], [y], rows=three_by_three(32, stride=2))]
    model = graph([x, wide, y], [x], [y])
    callers = x.nbytes + y.nbytes
    for limit, arena in ((callers + 3200, 3200), (callers + 3199, 300)):
        assert plan_memory(calls, model, PlanOptions(optimize="speed", ram_limit=limit)).arena_bytes == arena
    with pytest.raises(InputError, match=f"needs {callers + 300} bytes of RAM row by row, the limit is {callers}"):
        plan_memory(calls, model, PlanOptions(ram_limit=callers))
