"""From samples to a board's answers, and from what a journal keeps of them to arrays and figures."""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import Graph
from edgekd.device.client import Device, Inference
from edgekd.evaluate.journal import Ending, Journal, Subject, data_digest

Array = npt.NDArray[Any]
Sample = Sequence[Array]


@dataclass(frozen=True, eq=False)
class Answers:
    """What boards said to a list of samples.

    outputs[sample][output]: in the tensors' shapes and types. ticks[sample]: of the board's counter. link: what these
    samples took on the wire, in the sessions that ended. stack_bytes: the most an inference took since the board
    started. arena_bytes: tensors and scratch.
    """

    outputs: list[list[Array]]
    ticks: list[int]
    link: dict[str, Any]
    stack_bytes: int
    arena_bytes: int


def answers_to(
    device: Device, samples: Iterable[tuple[int, Sample]], *, stateful: bool = False, prefetch: bool = False
) -> Iterator[tuple[int, Inference]]:
    """The device's answers to samples, with their indices, in their order.

    samples: taken one by one as the device is ready for them, a few ahead of the answers. stateful,
    prefetch: see Device.stream. Raises InputError for inputs that do not fit the board's model, DeviceError when an
    answer stays out.
    """
    indices: deque[int] = deque()

    def as_bytes() -> Iterator[list[bytes]]:
        for index, sample in samples:
            indices.append(index)
            yield [np.ascontiguousarray(array).tobytes() for array in sample]

    with contextlib.closing(device.stream(as_bytes(), stateful=stateful, prefetch=prefetch)) as stream:
        for result in stream:
            yield indices.popleft(), result


def subject_of(graph: Graph, columns: Sequence[Array]) -> Subject:
    """What a journal of these samples is about. columns: for each input tensor an array, samples first."""
    return Subject(
        model_sha256=graph.sha256,
        data_sha256=data_digest(columns),
        samples=len(columns[0]),
        output_bytes=tuple(tensor.nbytes for tensor in graph.outputs),
    )


def output_arrays(graph: Graph, outputs: Sequence[bytes]) -> list[Array]:
    """The bytes of each output tensor in its shape and type."""
    pairs = zip(outputs, graph.outputs, strict=True)
    return [np.frombuffer(data, tensor.dtype).reshape(tensor.shape) for data, tensor in pairs]


def link_figures(endings: Iterable[Ending]) -> dict[str, Any]:
    """What sessions took on the wire together, as JSON values. baud: the rates that their lines ran at; none of lines
    without one, as an emulated board's. baud_refused: those that were tried and did not work."""
    endings = list(endings)
    total: Counter[str] = Counter()
    for ending in endings:
        total.update(ending.link)
    return {
        **total,
        "baud": sorted({ending.baud for ending in endings if ending.baud is not None}),
        "baud_refused": sorted({ending.refused_baud for ending in endings if ending.refused_baud is not None}),
    }


def collect(journal: Journal, graph: Graph) -> Answers:
    """All answers of a journal, and what its boards said at the end. Raises DeviceError while some are missing."""
    answers = journal.answers()
    endings = journal.endings.values()
    return Answers(
        outputs=[output_arrays(graph, answer.outputs) for answer in answers],
        ticks=[answer.ticks for answer in answers],
        link=link_figures(endings),
        stack_bytes=max((ending.stack_bytes for ending in endings if ending.stack_bytes is not None), default=0),
        arena_bytes=max((ending.arena_bytes for ending in endings), default=0),
    )
