"""One model on one board, real or emulated, ready to be asked: what `edgekd eval`, `edgekd bench` and tests use."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import Graph
from edgekd.compiler.reader import read_tflite
from edgekd.convert import tflm
from edgekd.convert.quantize_io import model_input
from edgekd.device.client import Device, connect
from edgekd.device.emulator import Emulator, tools_of
from edgekd.errors import DeviceError, InputError, ToolError
from edgekd.evaluate.metrics import confusion_matrix, per_inference, wilson_interval
from edgekd.firmware import deploy_cached
from edgekd.firmware.board import BoardProfile, load_board
from edgekd.progress import Progress, silent

ORACLE = "TensorFlow Lite Micro"
_PORTS_OF_EMULATORS = ("socket://", "/dev/pts/")

Array = npt.NDArray[Any]
Sample = Sequence[Array]


class MissingToolsError(ToolError):
    """Programs or packages that building for a board, or emulating it, needs and that are not here."""


@dataclass(frozen=True, eq=False)
class Answers:
    """What a board said to a list of samples.

    outputs[sample][output]: in the tensors' shapes and types. ticks[sample]: of its counter. link: what these samples
    took on the wire. stack_bytes: the most an inference took since the board started. arena_bytes: tensors and scratch.
    """

    outputs: list[list[Array]]
    ticks: list[int]
    link: dict[str, Any]
    stack_bytes: int
    arena_bytes: int


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
    def provenance(self) -> dict[str, str]:
        """What answers come from: board, engine, model and build by digest, port."""
        return {
            "board": self.board.name,
            "engine": self.engine,
            "model": str(self.model),
            "model_sha256": self.graph.sha256,
            "build_id": self.device.info.build_id,
            "port": self.port or "emulated",
        }

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
        outputs = [output[0] if output.ndim > 1 and len(output) == 1 else output for output in self._run(sample)[0]]
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def evaluate(self, x: Array, y: Array | None = None, *, progress: Progress = silent) -> dict[str, Any]:
        """Stream samples through the board and compare every output byte with TensorFlow Lite Micro's.

        x: (samples, …), float32 in the model's units or the input tensor's integers, channels last. y: class indices;
        without them accuracy and confusion are None. Returns JSON values: accuracy as a fraction of 1, confusion[true
        class][answer] as counts. Raises InputError, DeviceError.
        """
        if len(x) == 0:
            raise InputError("there are no samples to evaluate")
        if len(self.graph.inputs) != 1:
            raise InputError(f"{self.model}: has {len(self.graph.inputs)} inputs; evaluation feeds one")
        labels = None if y is None else checked_labels(self.graph, self.model, y)
        if labels is not None and len(labels) != len(x):
            raise InputError(f"there are {len(x)} samples and {len(labels)} labels")
        inputs = [[sample[None]] for sample in model_input(x, self.graph.inputs[0])]
        answers = self.stream(inputs, progress)
        return {
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
        }

    def reset(self) -> None:
        """Restart the board. Raises DeviceError when it does not come back."""
        self.device.reset()

    def stream(self, inputs: Sequence[Sample], progress: Progress = silent) -> Answers:
        """Send samples one by one and collect what comes back. inputs[sample][input]: arrays of the inputs' types.

        A model with variables begins anew, and its state goes on from sample to sample, as the oracle's does. Raises
        DeviceError when a restart on the way lost it.
        """
        if self.graph.variables:
            self.reset()
        before = asdict(self.device.link)
        outputs: list[list[Array]] = []
        ticks: list[int] = []
        for number, sample in enumerate(inputs):
            answer, counted = self._run(sample)
            outputs.append(answer)
            ticks.append(counted)
            progress(number + 1, len(inputs), f"streaming samples, {number + 1} of {len(inputs)}")
        link = {name: value - before[name] for name, value in asdict(self.device.link).items()}
        if self.graph.variables and link["restarts"]:
            raise DeviceError(
                f"{self.board.name}: the board restarted on the way and lost the state of the model",
                "look at the supply and the stack, then run it again: samples build on those before them",
            )
        return Answers(outputs, ticks, link, self.device.stats().stack_inference, self.device.info.arena_bytes)

    def compare(self, inputs: Sequence[Sample], outputs: Sequence[Sample]) -> dict[str, Any]:
        """How many samples' outputs equal TensorFlow Lite Micro's in every byte."""
        expected = tflm.run(self.model, inputs).outputs
        equal = sum(
            all(a.tobytes() == b.tobytes() for a, b in zip(ours, theirs, strict=True))
            for ours, theirs in zip(outputs, expected, strict=True)
        )
        return {"oracle": ORACLE, "equal": equal, "of": len(expected)}

    def _run(self, sample: Sample) -> tuple[list[Array], int]:
        answer = self.device.infer([np.ascontiguousarray(array).tobytes() for array in sample])
        pairs = zip(answer.outputs, self.graph.outputs, strict=True)
        return [np.frombuffer(data, tensor.dtype).reshape(tensor.shape) for data, tensor in pairs], answer.ticks

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
