"""One model on one board, real or emulated, ready to be asked: what `edgekd eval`, `edgekd bench` and tests use."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd import paths
from edgekd.compiler.graph import Graph
from edgekd.compiler.reader import read_tflite
from edgekd.convert import tflm
from edgekd.convert.quantize_io import model_input
from edgekd.device.client import Device, connect
from edgekd.device.emulator import Emulator, tools_of
from edgekd.errors import DeviceError, InputError, ToolError
from edgekd.evaluate.answers import Answers, Sample, answers_to, collect, output_arrays, subject_of
from edgekd.evaluate.journal import Ending, Journal, Source, Subject
from edgekd.evaluate.metrics import confusion_matrix, per_inference, wilson_interval
from edgekd.firmware import deploy_cached
from edgekd.firmware.board import BoardProfile, load_board
from edgekd.progress import Progress, silent

ORACLE = "TensorFlow Lite Micro"
_PORTS_OF_EMULATORS = ("socket://", "/dev/pts/")

Array = npt.NDArray[Any]


class MissingToolsError(ToolError):
    """Programs or packages that building for a board, or emulating it, needs and that are not here."""


class BoardUnderTest:
    """A board that runs a model. Made by `board_under_test`.

    model: the .tflite. graph: what is in it. board: the profile. device: the link. port: where it is, None for an
    emulated board that was started with this object. emulated: whether it is one; None when that cannot be known.
    """

    def __init__(self, model: Path, graph: Graph, board: BoardProfile, device: Device, engine: str, port: str | None):
        self.model = model
        self.graph = graph
        self.board = board
        self.device = device
        self.engine = engine
        self.port = port
        self.emulated = True if port is None else _may_be_emulated(port, board)

    @property
    def source(self) -> Source:
        """Who answers: board, engine, build, port."""
        build_id = self.device.info.build_id
        return Source(board=self.board.name, engine=self.engine, build_id=build_id, port=self.port or "emulated")

    @property
    def provenance(self) -> dict[str, str]:
        """What answers come from: board, engine, model and build by digest, port."""
        return {**self.source.model_dump(), "model": str(self.model), "model_sha256": self.graph.sha256}

    def infer(self, *inputs: Array) -> Array | tuple[Array, ...]:
        """One inference.

        inputs: an array for each input tensor, in its shape or without the leading batch of 1; floats in the model's
        units, or integers of the tensor's type. Returns the output tensor as it comes from the board, without the
        batch of 1; a tuple when there are several. Raises InputError for arrays that do not fit, DeviceError.
        """
        tensors = self.graph.inputs
        if len(inputs) != len(tensors):
            raise InputError(f"{self.model}: takes {len(tensors)} inputs, not {len(inputs)}")
        shaped = (np.asarray(array) for array in inputs)
        batches = [
            array if array.shape == tensor.shape else array[None] for array, tensor in zip(shaped, tensors, strict=True)
        ]
        sample = [model_input(batch, tensor) for batch, tensor in zip(batches, tensors, strict=True)]
        ((_, answer),) = answers_to(self.device, [(0, sample)])
        arrays = output_arrays(self.graph, answer.outputs)
        outputs = [output[0] if output.ndim > 1 and len(output) == 1 else output for output in arrays]
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def evaluate(
        self,
        x: Array,
        y: Array | None = None,
        *,
        journal: Path | None = None,
        resume: bool = False,
        progress: Progress = silent,
    ) -> dict[str, Any]:
        """Stream samples through the board and compare every output byte with TensorFlow Lite Micro's.

        x: (samples, …), float32 in the model's units or the input tensor's integers, channels last. y: class indices;
        without them accuracy and confusion are None. journal: a file that keeps the answers (edgekd.evaluate.journal):
        only samples it lacks are asked for. resume: the same with a file of edgekd's own, which goes when the result
        is whole, so that an interrupted call goes on when it is made again. Returns JSON values: accuracy as a fraction
        of 1, confusion[true class][answer] as counts. Raises InputError, DeviceError.
        """
        if len(x) == 0:
            raise InputError("there are no samples to evaluate")
        if len(self.graph.inputs) != 1:
            raise InputError(f"{self.model}: has {len(self.graph.inputs)} inputs; evaluation feeds one")
        labels = None if y is None else checked_labels(self.graph, self.model, y)
        if labels is not None and len(labels) != len(x):
            raise InputError(f"there are {len(x)} samples and {len(labels)} labels")
        column = model_input(x, self.graph.inputs[0])
        inputs = [[sample[None]] for sample in column]
        subject = subject_of(self.graph, [column])
        own = self._own_journal(subject) if resume and journal is None else None
        with Journal(subject, journal or own) as kept:
            self.fill(kept, inputs, progress)
            answers = collect(kept, self.graph)
        result = {
            "model": str(self.model),
            "model_sha256": self.graph.sha256,
            "board": self.board.name,
            "engine": self.engine,
            "samples": len(x),
            **self._scored(answers.outputs, labels),
            "bit_exact": self.compare(inputs, answers.outputs),
            "per_inference": per_inference(answers.ticks, self.board, emulated=self.emulated),
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

    def reset(self) -> None:
        """Restart the board. Raises DeviceError when it does not come back."""
        self.device.reset()

    def stream(self, inputs: Sequence[Sample], progress: Progress = silent) -> Answers:
        """Send samples and collect what comes back. inputs[sample][input]: arrays of the inputs' types. See `fill`."""
        columns = [np.stack(column) for column in zip(*inputs, strict=True)]
        with Journal(subject_of(self.graph, columns)) as journal:
            self.fill(journal, inputs, progress)
            return collect(journal, self.graph)

    def fill(
        self,
        journal: Journal,
        inputs: Sequence[Sample],
        progress: Progress = silent,
        *,
        indices: Iterable[int] | None = None,
    ) -> None:
        """Have the board answer samples, and keep the answers in a journal, which other boards may fill as well.

        inputs[sample][input]: arrays of the inputs' types, of all samples of the journal. indices: of those that this
        board is to answer, taken one by one as it is ready for them; by default all that the journal lacks. progress
        hears how many samples have an answer.
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
            for index, answer in answers_to(self.device, wanted):
                journal.add(session, index, answer.ticks, answer.outputs)
                done = journal.answered
                progress(done, len(inputs), f"streaming samples, {done} of {len(inputs)}")
            stack_bytes = self.device.stats().stack_inference
        finally:
            link = {name: value - before[name] for name, value in asdict(self.device.link).items()}
            journal.end(session, Ending(stack_bytes=stack_bytes, arena_bytes=self.device.info.arena_bytes, link=link))
        if self.graph.variables and link["restarts"]:
            raise DeviceError(
                f"{self.board.name}: the board restarted on the way and lost the state of the model",
                "look at the supply and the stack, then run it again: samples build on those before them",
            )

    def compare(self, inputs: Sequence[Sample], outputs: Sequence[Sample]) -> dict[str, Any]:
        """How many samples' outputs equal TensorFlow Lite Micro's in every byte."""
        expected = tflm.run(self.model, inputs).outputs
        equal = sum(
            all(a.tobytes() == b.tobytes() for a, b in zip(ours, theirs, strict=True))
            for ours, theirs in zip(outputs, expected, strict=True)
        )
        return {"oracle": ORACLE, "equal": equal, "of": len(expected)}

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

    def _scored(self, outputs: Sequence[Sample], labels: npt.NDArray[np.int64] | None) -> dict[str, Any]:
        """Accuracy of the largest output, with a 95 % interval, and confusion."""
        if labels is None:
            return {"accuracy": None, "accuracy_interval_95": None, "confusion": None}
        guesses = np.stack([sample[0].reshape(-1) for sample in outputs]).argmax(axis=1).astype(np.int64)
        correct = int((guesses == labels).sum())
        low, high = wilson_interval(correct, len(labels))
        return {
            "accuracy": correct / len(labels),
            "accuracy_interval_95": [low / 100, high / 100],
            "confusion": confusion_matrix(labels, guesses, self.graph.outputs[0].elements),
        }


@contextlib.contextmanager
def board_under_test(
    model: Path,
    board: str | Path | BoardProfile,
    *,
    engine: str = "aot",
    port: str | None = None,
    elf: Path | None = None,
    flash: bool = False,
) -> Iterator[BoardUnderTest]:
    """A board that runs `model`: the one at `port`, or an emulated one, started and ended here.

    port: a pyserial URL; flash says to put the model there first, where the board's profile knows how. elf: the image
    to emulate; built when not given. Raises MissingToolsError, InputError for a model that cannot be compiled or does
    not fit, DeviceError when the board does not answer or runs another model.
    """
    profile = board if isinstance(board, BoardProfile) else load_board(board)
    require_reachable(profile, port)
    graph = read_tflite(model)
    upload_to = port if flash and profile.can_upload else None
    build = elf is None and (port is None or upload_to is not None)
    _require_tools(profile, build=build, emulate=port is None)
    with contextlib.ExitStack() as stack:
        if build:
            elf = deploy_cached(model, profile, engine=engine, port=upload_to).elf
        if port is None:
            assert elf is not None
            url = stack.enter_context(Emulator(profile, elf)).url
        else:
            url = port
        device = stack.enter_context(connect(url, baud=profile.serial.baud))
        _require_model(device, url, model, graph, profile)
        yield BoardUnderTest(model, graph, profile, device, engine, port)


def checked_labels(graph: Graph, model: Path, y: Array) -> npt.NDArray[np.int64]:
    """Labels as class indices of a model with one output. Raises InputError when they go beyond its classes."""
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise InputError(
            f"{model}: {len(graph.inputs)} inputs and {len(graph.outputs)} outputs; accuracy needs one of each",
            "edgekd bench measures any model",
        )
    labels = np.asarray(y).astype(np.int64)
    classes = graph.outputs[0].elements
    if labels.ndim != 1 or len(labels) == 0:
        raise InputError(f"labels have shape {list(labels.shape)}, not one number for each sample")
    if int(labels.min()) < 0 or int(labels.max()) >= classes:
        wrong = int(labels.max()) if int(labels.max()) >= classes else int(labels.min())
        raise InputError(f"{model}: tells {classes} classes apart, and there is a label {wrong}")
    return labels


def require_reachable(board: BoardProfile, port: str | None) -> None:
    """Raises InputError for a board that can neither be emulated nor has a port."""
    if port is None and board.emulator is None:
        raise InputError(f"board {board.name} cannot be emulated", "name its serial port: --port PORT")


def _may_be_emulated(port: str, board: BoardProfile) -> bool | None:
    """False for a board; None where somebody's emulator may answer just as well."""
    return None if board.emulator and port.startswith(_PORTS_OF_EMULATORS) else False


def _require_tools(board: BoardProfile, *, build: bool, emulate: bool) -> None:
    programs = [board.toolchain.compiler] if build and board.toolchain else []
    programs += tools_of(board) if emulate else ()
    packages = ["platformio", "SCons"] if build else []
    missing = [name for name in programs if shutil.which(name) is None]
    missing += [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingToolsError(
            f"board {board.name} needs what is not here: {', '.join(missing)}", "edgekd doctor says how to get it"
        )


def _require_model(device: Device, url: str, model: Path, graph: Graph, board: BoardProfile) -> None:
    if device.info.model_sha256 != graph.sha256:
        raise DeviceError(
            f"{url}: the board runs another model (SHA-256 {device.info.model_sha256[:16]}…) than {model} "
            f"({graph.sha256[:16]}…)",
            f"flash it first: edgekd deploy {model} --board {board.name} --port {url}",
        )
