"""The memory plan, run symbolically: every byte remembers which tensor wrote it last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgekd.compiler.graph import Graph, Tensor
from edgekd.compiler.lowered import Alias, KernelCall, Lowered
from edgekd.compiler.packing import ALIGNMENT, Block, pack
from edgekd.compiler.plan import MemoryPlan, Place, plan_memory


def tensor(index: int, size: int) -> Tensor:
    return Tensor(index, f"t{index}", (1, size), "int8")


def constant(index: int, size: int) -> Tensor:
    return Tensor(index, f"c{index}", (1, size), "int8", data=np.zeros((1, size), np.int8))


def call(
    inputs: list[Tensor], outputs: list[Tensor], *, in_place: tuple[tuple[int, int], ...] = (), scratch: int = 0
) -> KernelCall:
    return KernelCall("f", None, (), tuple(inputs), tuple(outputs), in_place=in_place, scratch_bytes=scratch)


def graph(tensors: list[Tensor], inputs: list[Tensor], outputs: list[Tensor]) -> Graph:
    return Graph(tuple(tensors), (), tuple(inputs), tuple(outputs), "", 0)


@dataclass
class Memory:
    """Each region is a list of owners, one a byte; a value is the index of the tensor first written there."""

    regions: dict[tuple[str, int], list[int | None]]
    plan: MemoryPlan

    def span(self, place: Place, size: int) -> tuple[list[int | None], range]:
        key, start = (("arena", 0), place.at) if place.region == "arena" else ((place.region, place.at), 0)
        region = self.regions[key]
        assert start + size <= len(region), f"{place} of {size} bytes leaves its region of {len(region)}"
        return region, range(start, start + size)

    def write(self, place: Place, size: int, owner: int) -> None:
        region, where = self.span(place, size)
        for byte in where:
            region[byte] = owner

    def read(self, place: Place, size: int) -> set[int | None]:
        region, where = self.span(place, size)
        return {region[byte] for byte in where}


def check(plan: MemoryPlan, calls: list[Lowered], model: Graph) -> None:
    """Assert that the plan computes the right thing when calls run in order."""
    regions: dict[tuple[str, int], list[int | None]] = {("arena", 0): [None] * plan.arena_bytes}
    for position, item in enumerate(model.inputs):
        regions["input", position] = [item.index] * item.nbytes
    for position, item in enumerate(model.outputs):
        regions["output", position] = [None] * item.nbytes
    for item in model.tensors:
        if item.is_constant:
            regions["constant", item.index] = [item.index] * item.nbytes
    memory = Memory(regions, plan)
    origin = {item.index: item.index for item in (*model.inputs, *(t for t in model.tensors if t.is_constant))}
    places = dict(plan.places)

    def place_of(item: Tensor) -> Place:
        return places[item.index]

    for step, lowered in enumerate(calls):
        if isinstance(lowered, Alias):
            origin[lowered.output.index] = origin[lowered.input.index]
            assert place_of(lowered.output) == place_of(lowered.input)
            continue
        for item in lowered.inputs:
            assert memory.read(place_of(item), item.nbytes) == {origin[item.index]}, f"step {step} reads {item.index}"
        check_overlaps(plan, lowered, step)
        for item in lowered.outputs:
            assert place_of(item).region in ("arena", "output")
            assert place_of(item).region != "arena" or place_of(item).at % ALIGNMENT == 0
            memory.write(place_of(item), item.nbytes, item.index)
            origin[item.index] = item.index
        if lowered.scratch_bytes:
            memory.write(Place("arena", plan.scratch[step]), lowered.scratch_bytes, -1)
        for item in lowered.outputs:
            assert memory.read(place_of(item), item.nbytes) == {item.index}
    for copy in plan.copies:
        assert memory.read(place_of(copy.source), copy.source.nbytes) == {origin[copy.source.index]}
        memory.write(Place("output", copy.output), copy.source.nbytes, origin[copy.source.index])
    for position, item in enumerate(model.outputs):
        assert set(regions["output", position]) == {origin[item.index]}
    for position, item in enumerate(model.inputs):
        assert set(regions["input", position]) == {item.index}


def check_overlaps(plan: MemoryPlan, kernel: KernelCall, step: int) -> None:
    """An output meets an input only where the kernel allows it, and then exactly; scratch meets nothing."""

    def span(item: Tensor) -> tuple[str, int, int, int]:
        place = plan.places[item.index]
        if place.region == "arena":
            return "arena", 0, place.at, place.at + item.nbytes
        return place.region, place.at, 0, item.nbytes

    def meet(a: tuple[str, int, int, int], b: tuple[str, int, int, int]) -> bool:
        return a[:2] == b[:2] and a[2] < b[3] and b[2] < a[3]

    for o, target in enumerate(kernel.outputs):
        for i, source in enumerate(kernel.inputs):
            if meet(span(target), span(source)):
                assert (o, i) in kernel.in_place
                assert span(target)[:3] == span(source)[:3]
        for other in kernel.outputs[:o]:
            assert not meet(span(target), span(other))
    if kernel.scratch_bytes:
        start = plan.scratch[step]
        assert start % ALIGNMENT == 0
        scratch = ("arena", 0, start, start + kernel.scratch_bytes)
        assert not any(meet(scratch, span(item)) for item in (*kernel.inputs, *kernel.outputs))


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
        allowed = tuple(draw(st.lists(st.sampled_from(pairs), unique=True)))
        calls.append(call(sources, outputs, in_place=allowed, scratch=draw(st.sampled_from([0, 0, 0, 5, 30]))))
        readable += outputs
    computed = [item for item in readable if not item.is_constant]
    outputs = draw(st.lists(st.sampled_from(computed), min_size=1, max_size=3))
    return calls, graph(tensors, inputs, outputs)


@given(graphs())
def test_every_tensor_keeps_its_value_until_its_last_use(case: tuple[list[Lowered], Graph]) -> None:
    calls, model = case
    plan = plan_memory(calls, model)
    check(plan, calls, model)
    assert plan.arena_bytes >= max((step.live_bytes for step in plan.steps), default=0)


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 20), st.integers(0, 6)), max_size=25))
def test_blocks_alive_together_never_overlap(spans: list[tuple[int, int, int]]) -> None:
    blocks = [Block(size, first, first + length) for size, first, length in spans]
    packing = pack(blocks)
    assert packing.bound <= packing.total <= sum(size + ALIGNMENT for size, _, _ in spans)
    for i, a in enumerate(blocks):
        assert packing.offsets[i] % ALIGNMENT == 0
        for j, b in enumerate(blocks[:i]):
            apart = (
                packing.offsets[i] + a.size <= packing.offsets[j] or packing.offsets[j] + b.size <= packing.offsets[i]
            )
            assert apart or a.last < b.first or b.last < a.first


def test_a_chain_needs_its_largest_neighbours_only() -> None:
    x, a, b, c, y = (tensor(i, size) for i, size in enumerate((8, 400, 100, 200, 4)))
    calls: list[Lowered] = [call([x], [a]), call([a], [b]), call([b], [c]), call([c], [y])]
    plan = plan_memory(calls, graph([x, a, b, c, y], [x], [y]))
    assert plan.arena_bytes == 500
    assert plan.places[y.index] == Place("output", 0)


def test_an_in_place_kernel_halves_the_memory() -> None:
    x, a, b, y = (tensor(i, 100) for i in range(4))
    calls: list[Lowered] = [call([x], [a]), call([a], [b], in_place=((0, 0),)), call([b], [y])]
    model = graph([x, a, b, y], [x], [y])
    plan = plan_memory(calls, model)
    assert plan.in_place == ((1, b.index, a.index),)
    assert plan.arena_bytes == 100


def test_a_tensor_needed_later_is_not_written_over() -> None:
    x, a, b, y = (tensor(i, 100) for i in range(4))
    calls: list[Lowered] = [call([x], [a]), call([a], [b], in_place=((0, 0),)), call([a, b], [y])]
    plan = plan_memory(calls, graph([x, a, b, y], [x], [y]))
    assert plan.in_place == ()
    assert plan.arena_bytes == 200


def test_a_tensor_given_twice_is_written_over_only_if_the_kernel_is_right_for_both() -> None:
    x, a, y, z = (tensor(i, 100) for i in range(4))
    model = graph([x, a, y, z], [x], [z])
    for allowed, merged in (((0, 0),), False), (((0, 0), (0, 1)), True):
        calls: list[Lowered] = [call([x], [a]), call([a, a], [y], in_place=allowed), call([y], [z])]
        plan = plan_memory(calls, model)
        assert bool(plan.in_place) == merged
        check(plan, calls, model)


def test_an_input_that_is_an_output_is_copied() -> None:
    x, y = tensor(0, 10), tensor(1, 10)
    calls: list[Lowered] = [Alias(x, y)]
    model = graph([x, y], [x], [y, x])
    plan = plan_memory(calls, model)
    assert [(copy.source.index, copy.output) for copy in plan.copies] == [(1, 0), (0, 1)]
    assert plan.arena_bytes == 0
    check(plan, calls, model)


def test_scratch_is_alive_in_its_own_step_only() -> None:
    x, a, y = tensor(0, 4), tensor(1, 100), tensor(2, 4)
    calls: list[Lowered] = [call([x], [a], scratch=300), call([a], [y], scratch=300)]
    plan = plan_memory(calls, graph([x, a, y], [x], [y]))
    assert plan.arena_bytes == 400
