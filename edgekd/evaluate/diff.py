"""Every tensor of one inference, board against host: where do they begin to differ, and how?

The board runs the deployed C with probes in it (edgekd.compiler.probes, firmware/kernels/trace): the same kernels and
the same memory plan, and beside them two small buffers. One inference gives a digest for every probe; where the first
one differs, further inferences bring that tensor, one window at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.plan import Optimize
from edgekd.compiler.probes import Mask, Probe
from edgekd.compiler.reader import read_tflite
from edgekd.convert import tflm
from edgekd.convert.intermediates import intermediates
from edgekd.convert.tflm import Array
from edgekd.device.client import Device
from edgekd.errors import BadResultError, DeviceError
from edgekd.evaluate.answers import answers_to, link_figures
from edgekd.evaluate.board import board_under_test, require_reachable
from edgekd.evaluate.causes import Difference, likely_causes
from edgekd.firmware import Deployment, deploy_cached
from edgekd.firmware.board import BoardProfile, load_board
from edgekd.progress import Progress, silent

_MOST_SHOWN = 8  # wrong values a result lists
_NO_PROBE = 0xFFFFFFFF


def diff_model(
    model: Path,
    board: str | Path | BoardProfile,
    sample: Sequence[Array],
    *,
    port: str | None = None,
    optimize: Optimize = "balanced",
    ram_limit: int | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Compare every tensor of one inference on `board` with TensorFlow Lite Micro's.

    sample: an array for each input of the model, in its type (edgekd.evaluate.samples.one_sample). port: of a real
    board, which is given firmware of its own for this; without it one is emulated. optimize, ram_limit: as the model
    was deployed, for they decide kernels and memory.
    Returns JSON values: `equal`; `looks`, one for each time a tensor was compared; `first`, the first difference with
    values and likely causes, or None; `link`, what it took on the wire. Raises InputError, DeviceError; BadResultError
    when the board gives one thing now and another then.
    """
    profile = board if isinstance(board, BoardProfile) else load_board(board)
    require_reachable(profile, port)
    read_tflite(model)
    made = deploy_cached(model, profile, optimize=optimize, ram_limit=ram_limit, traced=True, progress=progress)
    looks = _looks(model, sample, made)
    with board_under_test(model, profile, port=port, deployment=made, flash=True) as running:
        if running.device.info.build_id != made.build_id:
            raise DeviceError(
                f"{port}: the board runs build {running.device.info.build_id}, and {made.build_id} is compared",
                f"upload {made.elf} first",
            )
        traced = _TracedBoard(running.device, made, sample)
        wrong = [look for look in looks if traced.digest_of(look) != digest(look.expected)]
        first = _described(wrong[0], wrong, made, traced.fetch(wrong[0], progress)) if wrong else None
        link = link_figures([running.ending(asdict(running.device.link))])
    return {
        "model": str(model),
        "model_sha256": made.model_sha256,
        "board": profile.name,
        "engine": made.engine,
        "optimize": optimize,
        "build_id": made.build_id,
        "equal": not wrong,
        "looks": [{**_place(look, made), "equal": look not in wrong} for look in looks],
        "first": first,
        "link": link,
    }


def digest(array: Array) -> int:
    """What firmware/kernels/trace makes of the tensor's bytes."""
    data = np.ascontiguousarray(array).view(np.uint8).reshape(-1).astype(np.uint32)
    mixed = np.arange(len(data), dtype=np.uint32) * np.uint32(0x9E3779B1)
    mixed = (mixed ^ (mixed >> np.uint32(15))) * np.uint32(0x85EBCA77)
    weights = (mixed ^ (mixed >> np.uint32(13))) | np.uint32(1)
    return int(((data + np.uint32(1)) * weights).sum(dtype=np.uint32))


@dataclass(frozen=True, eq=False)
class _Look:
    """One comparison. expected: what the board has to show. probe: None for an output of the model, as it was sent.

    operator: the position of the one that has just made the tensor or is about to read it; of an output, the last one.
    shape: of the model's tensor, channels that the board leaves out included; kept: the others.
    """

    expected: Array
    probe: Probe | None
    output: int
    name: str
    operator: int
    shape: tuple[int, ...]
    kept: Mask | None = None


def _looks(model: Path, sample: Sequence[Array], made: Deployment) -> list[_Look]:
    """In the order of execution."""
    compiled = made.project.compiled
    assert compiled is not None
    given = {tensor.index: array for tensor, array in zip(compiled.graph.inputs, sample, strict=True)}
    computed = {probe.tensor.index: None for probe in compiled.probes if probe.tensor.index not in given}
    values = {**given, **intermediates(model, sample, list(computed))}
    looks = []
    for probe in compiled.probes:
        whole = values[probe.tensor.index]
        there = whole if probe.kept is None else whole[..., _kept_elements(whole.shape[-1], probe.kept)]
        expected = there.reshape(probe.tensor.shape)
        looks.append(_Look(expected, probe, -1, probe.tensor.name, probe.operator, whole.shape, probe.kept))
    (outputs,) = tflm.run(model, [sample]).outputs
    last = len(compiled.operators) - 1
    for position, (tensor, array) in enumerate(zip(compiled.graph.outputs, outputs, strict=True)):
        looks.append(_Look(array.reshape(tensor.shape), None, position, tensor.name, last, tensor.shape))
    return looks


def _kept_elements(extent: int, kept: Mask) -> npt.NDArray[np.intp]:
    """Of the last axis, which has `extent` elements, those of channels that the board has."""
    return np.flatnonzero(np.tile(kept, extent // len(kept)))


class _TracedBoard:
    """A board with firmware that was made to be looked into, and what it says to one sample."""

    def __init__(self, device: Device, made: Deployment, sample: Sequence[Array]) -> None:
        assert made.project.compiled is not None
        self._device = device
        self._sample = sample
        self._stateful = bool(made.project.compiled.graph.variables)
        ((*self._outputs, self._digests, _),) = self._runs([(_NO_PROBE, 0)])

    def digest_of(self, look: _Look) -> int:
        if look.probe is None:
            return digest(np.frombuffer(self._outputs[look.output], np.uint8))
        return int(np.frombuffer(self._digests, "<u4")[look.probe.number])

    def fetch(self, look: _Look, progress: Progress) -> Array:
        """The tensor as the board has it there, in the shape and type of what is expected."""
        if look.probe is None:
            data = self._outputs[look.output]
        else:
            size, window = look.expected.nbytes, self._device.info.output_bytes[-1]
            data = b""
            for *_, digests, seen in self._runs([(look.probe.number, first) for first in range(0, size, window)]):
                if digests != self._digests:
                    raise BadResultError(
                        f"{look.name}: the board does not compute the same thing each time for the same input",
                        "memory that is read before it is written, an interrupt that writes where the model works, or "
                        "a supply that is too weak",
                    )
                data += seen
                progress(min(len(data), size), size, f"fetching tensor {look.name}")
            data = data[:size]
        return np.frombuffer(data, look.expected.dtype).reshape(look.expected.shape)

    def _runs(self, wanted: Sequence[tuple[int, int]]) -> Iterator[tuple[bytes, ...]]:
        """The outputs of an inference for each (probe, first byte) that the window is to show."""
        samples = [(0, [*self._sample, np.array(look, "<u4")]) for look in wanted]
        if not self._stateful:
            yield from (answer.outputs for _, answer in answers_to(self._device, samples))
            return
        for sample in samples:  # each inference begins where the first one did
            self._device.reset()
            yield from (answer.outputs for _, answer in answers_to(self._device, [sample], stateful=True))


def _place(look: _Look, made: Deployment) -> dict[str, Any]:
    """Where a look is taken, as JSON values."""
    compiled = made.project.compiled
    assert compiled is not None
    operator = compiled.operators[look.operator]
    moment = look.probe.moment if look.probe else "sent"
    return {
        "operator": operator.index,
        "operator_name": operator.name,
        "kernel": operator.kernel,
        "moment": moment,
        "tensor": look.name,
        "shape": list(look.shape),
    }


def _described(look: _Look, wrong: Sequence[_Look], made: Deployment, got: Array) -> dict[str, Any]:
    """The first difference: where, how many values, some of them, and what usually is the cause."""
    difference = Difference(look.expected, got)
    places = np.argwhere(difference.wrong)
    values = [
        {"at": _in_model(look, place), "board": got[tuple(place)].item(), "host": look.expected[tuple(place)].item()}
        for place in places[:_MOST_SHOWN]
    ]
    overwritten = _overwritten(look, wrong, made)
    return {
        **_place(look, made),
        "wrong": len(places),
        "of": int(look.expected.size),
        "largest": float(np.abs(difference.steps).max()),
        "values": values,
        "causes": [overwritten] if overwritten else likely_causes(difference),
    }


def _in_model(look: _Look, place: npt.NDArray[np.intp]) -> list[int]:
    """A place in the board's tensor as one in the model's, whose channels are all there."""
    at: list[int] = place.tolist()
    if look.kept is not None and at:
        at[-1] = int(_kept_elements(look.shape[-1], look.kept)[at[-1]])
    return at


def _overwritten(look: _Look, wrong: Sequence[_Look], made: Deployment) -> str | None:
    """What to say of a tensor that was right when it was made; None of one that was not."""
    compiled = made.project.compiled
    assert compiled is not None
    if look.probe is not None and look.probe.moment == "made":
        return None
    if look.probe is not None and look.probe.maker is None:
        return "an input of the model: it did not arrive as it was sent, or an earlier step wrote over it"
    makers = [probe for probe in compiled.probes if probe.moment == "made" and _same_bytes(probe, look)]
    if not makers:
        return "an output of the model that no operator makes: its copy at the end"
    maker = makers[-1].operator
    names = {operator.index: operator.name for operator in compiled.operators}
    order = [step for stage in compiled.plan.stages for step in stage.calls]
    after = order[order.index(maker) + 1 : order.index(look.operator) if look.probe else None]
    between = ", ".join(f"{step} ({names[step]})" for step in after) or "none"
    until = f"operator {look.operator} reads it" if look.probe else "it was sent"
    return (
        f"memory: it was right when operator {maker} ({names[maker]}) had made it, and is not when {until}; what ran "
        f"in between: {between}. One of them writes outside of its output or scratch, or the memory plan lets two "
        "tensors overlap"
    )


def _same_bytes(probe: Probe, look: _Look) -> bool:
    if look.probe is not None:
        return probe.number == look.probe.maker
    return probe.tensor.name == look.name
