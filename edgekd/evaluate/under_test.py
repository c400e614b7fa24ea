"""One model on one board, real or emulated, ready to be asked: what `edgekd eval`, `edgekd bench` and tests use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edgekd import paths
from edgekd.compiler.graph import Graph
from edgekd.convert import tflm
from edgekd.convert.quantize_io import model_input
from edgekd.device.client import Device
from edgekd.errors import InputError
from edgekd.evaluate.answers import Answers, Array, Sample, answers_to, collect, output_arrays, subject_of
from edgekd.evaluate.journal import Ending, Journal, Source, Subject
from edgekd.evaluate.metrics import per_inference
from edgekd.evaluate.scores import Task, TestSet, prepare, scored
from edgekd.firmware import Deployment, deploy_cached
from edgekd.firmware.board import BoardProfile
from edgekd.progress import Progress, silent

ORACLE = "TensorFlow Lite Micro"
_PORTS_OF_EMULATORS = ("socket://", "/dev/pts/")


class BoardUnderTest:
    """A board that runs a model. Made by edgekd.evaluate.board.

    model: the .tflite. graph: what is in it. board: the profile. device: the link. port: where it is, None for an
    emulated board that was started with this object. emulated: whether it is one; None when that cannot be known.
    deployment: the build it runs, None where that was not made here. name: of the board in its farm. refused_baud: a
    rate of the line that was tried and did not work.
    """

    def __init__(
        self,
        model: Path,
        graph: Graph,
        board: BoardProfile,
        device: Device,
        engine: str,
        port: str | None,
        deployment: Deployment | None = None,
        name: str = "",
        refused_baud: int | None = None,
    ) -> None:
        self.model = model
        self.graph = graph
        self.board = board
        self.device = device
        self.engine = engine
        self.port = port
        self.deployment = deployment
        self.name = name
        self.refused_baud = refused_baud
        self.emulated = True if port is None else may_be_emulated(port, board)

    @property
    def source(self) -> Source:
        """Who answers: board, engine, build, port."""
        build_id = self.device.info.build_id
        port = self.port or "emulated"
        return Source(board=self.board.name, engine=self.engine, build_id=build_id, port=port, name=self.name)

    @property
    def provenance(self) -> dict[str, str]:
        """What answers come from: board, engine, model and build by digest, port."""
        return {**self.source.model_dump(exclude={"name"}), "model": str(self.model), "model_sha256": self.graph.sha256}

    def infer(self, *inputs: Array) -> Array | tuple[Array, ...]:
        """One inference.

        inputs: an array for each input tensor, in its shape or without the leading batch of 1; floats in the model's
        units, or integers of the tensor's type. Returns the output tensor as it comes from the board, without the
        batch of 1; a tuple when there are several. Raises InputError for arrays that do not fit, DeviceError.
        """
        ((_, answer),) = answers_to(self.device, [(0, self._sample(inputs))])
        return _as_asked(output_arrays(self.graph, answer.outputs))

    def reference(self, *inputs: Array) -> Array | tuple[Array, ...]:
        """What `infer` must return for these inputs: TensorFlow Lite Micro's outputs, from its interpreter here."""
        return _as_asked(tflm.run(self.model, [self._sample(inputs)]).outputs[0])

    def evaluate(
        self,
        x: Array,
        y: Array | None = None,
        *,
        task: Task | None = None,
        journal: Path | None = None,
        resume: bool = False,
        progress: Progress = silent,
    ) -> dict[str, Any]:
        """Stream samples through the board and compare every output byte with TensorFlow Lite Micro's.

        x, y, task: a test set as edgekd.evaluate.scores.prepare takes it; without labels there is no score. journal,
        resume: see `measure`. Returns JSON values, the score's as edgekd.evaluate.scores.scored names them. Raises
        InputError, DeviceError.
        """
        tests = prepare(self.graph, self.model, x, y, task)
        return self.measure(tests, journal=journal, resume=resume, progress=progress)

    def measure(
        self, tests: TestSet, *, journal: Path | None = None, resume: bool = False, progress: Progress = silent
    ) -> dict[str, Any]:
        """`evaluate` for a test set that was prepared.

        journal: a file that keeps the answers (edgekd.evaluate.journal); only those it lacks are asked for. resume: the
        same with a file of edgekd's own, which goes when the result is whole, so that an interrupted call goes on when
        it is made again.
        """
        inputs = [[sample[None]] for sample in tests.inputs]
        subject = subject_of(self.graph, [tests.inputs])
        own = self._own_journal(subject) if resume and journal is None else None
        with Journal(subject, journal or own) as kept:
            self.fill(kept, inputs, progress)
            answers = collect(kept, self.graph)
        result = {
            "model": str(self.model),
            "model_sha256": self.graph.sha256,
            "board": self.board.name,
            "engine": self.engine,
            "samples": tests.samples,
            "inferences": len(inputs),
            **scored(tests, self.graph, answers.outputs),
            "bit_exact": self.compare(inputs, answers.outputs),
            "per_inference": per_inference(
                answers.ticks, self.board, emulated=self.emulated, prefetched=self.prefetches
            ),
            "link": answers.link,
            "ram_bytes": {"arena": answers.arena_bytes, "stack": answers.stack_bytes},
            "journal": {
                "file": str(journal) if journal else None,
                "kept": kept.kept,
                "damaged_lines": kept.damaged_lines,
            },
        }
        if own is not None:
            own.unlink(missing_ok=True)
        return result

    def bench(self, samples: int = 10, *, progress: Progress = silent) -> dict[str, Any]:
        """Speed, flash and RAM over `samples` of seeded noise, every output byte compared.

        Returns JSON values, those of `edgekd bench`. Raises InputError, DeviceError.
        """
        from edgekd.evaluate.bench import measure

        deployment = self.deployment or deploy_cached(self.model, self.board, engine=self.engine)
        return measure(self, deployment, samples, progress=progress)

    @property
    def prefetches(self) -> bool:
        """Whether evaluation sends the next samples while the board computes."""
        return self.emulated is not True

    def reset(self) -> None:
        """Restart the board. Raises DeviceError when it does not come back."""
        self.device.reset()

    def stream(self, inputs: Sequence[Sample], progress: Progress = silent) -> Answers:
        """Send samples and collect what comes back. inputs[sample][input]: arrays of the inputs' types. See `fill`.

        Nothing is sent while the board computes: ticks are exact.
        """
        columns = [np.stack(column) for column in zip(*inputs, strict=True)]
        with Journal(subject_of(self.graph, columns)) as journal:
            self.fill(journal, inputs, progress, prefetch=False)
            return collect(journal, self.graph)

    def fill(
        self,
        journal: Journal,
        inputs: Sequence[Sample],
        progress: Progress = silent,
        *,
        indices: Iterable[int] | None = None,
        prefetch: bool | None = None,
    ) -> None:
        """Have the board answer samples, and keep the answers in a journal, which other boards may fill as well.

        inputs[sample][input]: arrays of the inputs' types, of all samples of the journal. indices: of those that this
        board is to answer, taken one by one as it is ready for them; by default all that the journal lacks. progress
        hears how many samples have an answer. prefetch: see Device.stream; None: on a board whose line takes its time,
        which an emulated one's does not.
        A model with variables begins anew, and its state goes on from sample to sample, as the oracle's does. Raises
        DeviceError when a restart on the way lost it, InputError for a journal with other answers than of this board.
        """
        if self.graph.variables:
            self._begin_anew(journal)
        if indices is None:
            indices = self._lacking(journal)
            if not indices:
                return
        before = asdict(self.device.link)
        session = journal.join(self.source)
        stack_bytes: int | None = None
        try:
            wanted = ((index, inputs[index]) for index in indices)
            stateful = bool(self.graph.variables)
            for index, answer in answers_to(
                self.device, wanted, stateful=stateful, prefetch=self.prefetches if prefetch is None else prefetch
            ):
                journal.add(session, index, answer.ticks, answer.outputs)
                done = journal.answered
                progress(done, len(inputs), f"streaming samples, {done} of {len(inputs)}")
            stack_bytes = self.device.stats().stack_inference
        finally:
            link = {name: value - before[name] for name, value in asdict(self.device.link).items()}
            journal.end(session, self.ending(link, stack_bytes))

    def ending(self, link: dict[str, float], stack_bytes: int | None = None) -> Ending:
        """What this board says at the end of a session. link: what it took on the wire, by the names of LinkStats."""
        return Ending(
            stack_bytes=stack_bytes,
            arena_bytes=self.device.info.arena_bytes,
            link=link,
            baud=self.device.baud,
            refused_baud=self.refused_baud,
        )

    def compare(self, inputs: Sequence[Sample], outputs: Sequence[Sample]) -> dict[str, Any]:
        """How many samples' outputs equal TensorFlow Lite Micro's in every byte."""
        expected = tflm.run(self.model, inputs).outputs
        equal = sum(
            all(a.tobytes() == b.tobytes() for a, b in zip(ours, theirs, strict=True))
            for ours, theirs in zip(outputs, expected, strict=True)
        )
        return {"oracle": ORACLE, "equal": equal, "of": len(expected)}

    def _sample(self, inputs: Sequence[Array]) -> list[Array]:
        """One sample as the model takes it. inputs: as in `infer`."""
        tensors = self.graph.inputs
        if len(inputs) != len(tensors):
            raise InputError(f"{self.model}: takes {len(tensors)} inputs, not {len(inputs)}")
        shaped = (np.asarray(array) for array in inputs)
        batches = [
            array if array.shape == tensor.shape else array[None] for array, tensor in zip(shaped, tensors, strict=True)
        ]
        return [model_input(batch, tensor) for batch, tensor in zip(batches, tensors, strict=True)]

    def _begin_anew(self, journal: Journal) -> None:
        if journal.path is not None:
            raise InputError(
                f"{self.model}: keeps state from one sample to the next, so an evaluation cannot go on in the middle",
                "leave out --journal",
            )
        self.reset()

    def _lacking(self, journal: Journal) -> list[int]:
        """The samples to ask for, where this board alone fills the journal."""
        for source in journal.sessions.values():
            if source.board != self.board.name:
                raise InputError(f"{journal.path}: holds answers of the board {source.board}, not {self.board.name}")
        journal.require_same_build(self.source)
        # The end of a session tells the stack: without one, any sample is run once more.
        told = any(ending.stack_bytes is not None for ending in journal.endings.values())
        return journal.missing() or ([] if told else [0])

    def _own_journal(self, subject: Subject) -> Path | None:
        """Of these samples on this board and build, in edgekd's own folder."""
        if self.graph.variables:
            return None
        facts = subject.model_dump_json() + self.source.model_dump_json()
        return paths.home() / "journals" / f"{hashlib.sha256(facts.encode()).hexdigest()[:16]}.jsonl"


def may_be_emulated(port: str, board: BoardProfile) -> bool | None:
    """False for a board; None where somebody's emulator may answer just as well."""
    return None if board.emulator and port.startswith(_PORTS_OF_EMULATORS) else False


def _as_asked(arrays: Sequence[Array]) -> Array | tuple[Array, ...]:
    """Outputs without the batch of 1; one by itself."""
    outputs = [array[0] if array.ndim > 1 and len(array) == 1 else array for array in arrays]
    return outputs[0] if len(outputs) == 1 else tuple(outputs)
