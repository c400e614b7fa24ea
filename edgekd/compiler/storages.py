"""What an inference has to keep in memory, and for how long: tensors that share their bytes are one storage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from edgekd.compiler.graph import Graph, Tensor
from edgekd.compiler.lowered import Alias, Folded, KernelCall, Lowered
from edgekd.compiler.sweep import rows_of

Region = Literal["input", "output", "constant", "arena"]
Buffers = Literal["separate", "arena"]


@dataclass(frozen=True)
class Place:
    """region "input" or "output": `at` is the position among the graph's inputs or outputs. "constant": the index
    of the constant tensor. "arena": an offset in bytes; ring_rows: how many rows are there when not all are."""

    region: Region
    at: int
    ring_rows: int = 0


@dataclass(frozen=True)
class Copy:
    """After the last step: output `output` gets the bytes of `source`, which lives elsewhere."""

    source: Tensor
    output: int


@dataclass(eq=False)
class Storage:
    """Tensors that share their bytes. first, last: the calls that write and last read it; -1 for an input, one more
    than there are for an output, both for a variable."""

    size: int
    first: int
    last: int
    members: list[Tensor]
    fixed: Place | None = None  # the caller's buffer or a constant; None: the arena


class Storages:
    """What has to be kept, whatever the plan: the storages of all tensors, with their lifetimes."""

    def __init__(self, calls: Sequence[Lowered], graph: Graph, buffers: Buffers) -> None:
        self.calls = calls
        self.graph = graph
        self.of: dict[int, Storage] = {}  # by tensor index
        self.readers: dict[int, int] = {}  # how many calls read a storage, by id
        for tensor in graph.variables:
            self._new(tensor, -1, None).last = len(calls)
        for position, tensor in enumerate(graph.inputs):
            self._new(tensor, -1, Place("input", position) if buffers == "separate" else None)
        for step, call in enumerate(calls):
            if isinstance(call, Folded):
                continue
            if isinstance(call, Alias):
                source = self._read(call.input, step)
                source.members.append(call.output)
                self.of[call.output.index] = source
                continue
            for tensor in call.inputs:
                self._read(tensor, step)
            for tensor in call.outputs:
                if not tensor.is_variable:
                    self._new(tensor, step, None)
        self.outputs: list[Storage] = []  # by position among the graph's outputs
        self.copies = tuple(self._settle_outputs(buffers))
        self.all = list({id(storage): storage for storage in (*self.of.values(), *self.outputs)}.values())

    def _new(self, tensor: Tensor, step: int, fixed: Place | None) -> Storage:
        storage = Storage(tensor.nbytes, step, step, [tensor], fixed)
        self.of[tensor.index] = storage
        return storage

    def _read(self, tensor: Tensor, step: int) -> Storage:
        storage = self.of.get(tensor.index)
        if storage is None:
            assert tensor.is_constant, f"tensor {tensor.index} is read before it is written"
            storage = self._new(tensor, step, Place("constant", tensor.index))
        storage.last = max(storage.last, step)
        self.readers[id(storage)] = self.readers.get(id(storage), 0) + 1
        return storage

    def _settle_outputs(self, buffers: Buffers) -> Iterator[Copy]:
        """Give each output a storage of its own; an input, a constant or what two outputs share is copied there."""
        end = len(self.calls)
        for position, tensor in enumerate(self.graph.outputs):
            storage = self.of[tensor.index]
            storage.last = end
            place = Place("output", position) if buffers == "separate" else None
            if storage.first < 0 or storage.fixed is not None or storage in self.outputs:
                self.outputs.append(Storage(tensor.nbytes, end, end, [], place))
                yield Copy(tensor, position)
            else:
                storage.fixed = place
                self.outputs.append(storage)

    def dies_in(self, tensor: Tensor, stage: Sequence[int]) -> bool:
        """The arena holds `tensor`, and nothing reads it after the calls of `stage`."""
        storage = self.of[tensor.index]
        return storage.fixed is None and storage.last <= stage[-1] and storage.first < stage[0]

    def can_follow(self, before: int, after: int) -> bool:
        """Whether call `after` can take the rows of call `before` as they are made, and nothing else wants them."""
        a, b = self.calls[before], self.calls[after]
        if not isinstance(a, KernelCall) or not isinstance(b, KernelCall) or len(a.outputs) != 1:
            return False
        rows_a, rows_b = rows_of(a), rows_of(b)
        storage = self.of[a.outputs[0].index]
        if rows_a is None or rows_b is None or rows_a.count != rows_b.input_rows or len(storage.members) != 1:
            return False
        wanted = [tensor for tensor in b.inputs if tensor is a.outputs[0]]
        return storage.fixed is None and storage.last == after and len(wanted) == 1 == self.readers[id(storage)]
