"""The oracle: what TensorFlow Lite Micro's own kernels, compiled for this machine, make of a model.

The interpreter runs in a process of its own, because a bad file can crash it; and what it says (the arena's size, a
missing operator) reaches only that process's stderr.
"""

from __future__ import annotations

import json
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from edgekd.errors import InputError
from edgekd.progress import Progress, silent

# Tried in turn. Only the pages the interpreter touches cost memory, so the first may be generous.
_ARENA_BYTES = (64 << 20, 1 << 30)
_SILENCE_SECONDS = 30.0  # loading, or one inference, never takes as long for a model that fits a microcontroller
_WORKER = Path(__file__).with_name("tflm_worker.py")

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class TflmRun:
    """outputs[sample][output]: arrays in the model's own shape and type. arena_bytes: TFLM's arena in use, on a
    64-bit host (pointers are twice as wide as on a microcontroller)."""

    outputs: list[list[Array]]
    arena_bytes: int


class _ArenaTooSmallError(Exception):
    pass


def run(model: Path, inputs: Sequence[Sequence[Array]], progress: Progress = silent) -> TflmRun:
    """Run every sample of `inputs` through `model`.

    inputs[sample][input]: arrays of the type and the number of elements of that input tensor.
    Raises InputError that names the operator or tensor TensorFlow Lite Micro cannot handle.
    """
    if not inputs:
        raise InputError(f"{model}: no samples to run")
    columns = [np.stack([np.asarray(sample[k]) for sample in inputs]) for k in range(len(inputs[0]))]
    outputs, arena_bytes = _run_columns(model, columns, progress)
    return TflmRun([[column[n] for column in outputs] for n in range(len(inputs))], arena_bytes)


def run_batch(model: Path, x: Array, progress: Progress = silent) -> Array:
    """Run a model that has one input and one output.

    x: (samples, …), each sample with the elements of the input tensor and its type. Returns (samples, …) where … is
    the output's shape without its leading batch of 1. Raises InputError as `run`.
    """
    if len(x) == 0:
        raise InputError(f"{model}: no samples to run")
    outputs, _ = _run_columns(model, [np.asarray(x)], progress)
    if len(outputs) != 1:
        raise InputError(f"{model}: the model has {len(outputs)} outputs, not one")
    only = outputs[0]
    return only[:, 0] if only.ndim > 2 and only.shape[1] == 1 else only


def _run_columns(model: Path, columns: list[Array], progress: Progress) -> tuple[list[Array], int]:
    """One array for each output, samples first, and the arena's size."""
    if not model.is_file():
        raise InputError(f"{model}: no such file")
    with tempfile.TemporaryDirectory(prefix="edgekd-tflm-") as folder:
        inputs_path, outputs_path = Path(folder, "inputs.npz"), Path(folder, "outputs.npz")
        named: dict[str, Any] = {f"input_{position}": column for position, column in enumerate(columns)}
        np.savez(inputs_path, **named)
        said = ""
        for arena_bytes in _ARENA_BYTES:
            try:
                arguments = [str(model), str(inputs_path), str(outputs_path), str(arena_bytes)]
                said = _call_worker(model, arguments, len(columns[0]), progress)
                break
            except _ArenaTooSmallError:
                continue
        else:
            raise InputError(
                f"{model}: TensorFlow Lite Micro needs more than {_ARENA_BYTES[-1] >> 20} MiB of memory for it",
                "no microcontroller has as much: make the model smaller",
            )
        with np.load(outputs_path, allow_pickle=False) as archive:
            outputs = [archive[f"output_{position}"] for position in range(len(archive.files))]
    used = re.search(r"Arena allocation total (\d+) bytes", said)
    if used is None:
        raise InputError(f"{model}: TensorFlow Lite Micro did not tell the size of its arena", *_tail(said))
    return outputs, int(used[1])


def _call_worker(model: Path, arguments: list[str], samples: int, progress: Progress) -> str:
    """Run the worker to its end; returns what it wrote to stderr."""
    command = [sys.executable, "-P", str(_WORKER), *arguments]
    with (
        tempfile.TemporaryFile() as stderr,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr) as process,
    ):
        assert process.stdout is not None
        try:
            failed, in_time = _follow(process.stdout, samples, progress)
            status = process.wait(timeout=_SILENCE_SECONDS) if in_time else 0
        except subprocess.TimeoutExpired:
            in_time = False
        finally:
            process.kill()  # no effect on one that has ended by itself
            process.stdout.close()
        if not in_time:
            raise InputError(f"{model}: TensorFlow Lite Micro did not answer for {_SILENCE_SECONDS:.0f} s")
        stderr.seek(0)
        said = stderr.read().decode("utf-8", "replace")
    if failed is not None or status != 0:
        raise _failure(model, said, failed, status)
    return said


def _follow(stdout: IO[bytes], samples: int, progress: Progress) -> tuple[str | None, bool]:
    """Pass on progress until the worker closes its stdout. Returns what failed, and False if it fell silent."""
    failed: str | None = None
    waiting = b""
    deadline = time.monotonic() + _SILENCE_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                return failed, False
            chunk = stdout.read1(65536)  # type: ignore[attr-defined]  # a BufferedReader, typed as IO
            if not chunk:
                return failed, True
            deadline = time.monotonic() + _SILENCE_SECONDS
            *lines, waiting = (waiting + chunk).split(b"\n")
            for line in lines:
                message = json.loads(line)
                failed = message.get("failed", failed)
                if "done" in message:
                    progress(message["done"], samples, "TensorFlow Lite Micro")


# What TensorFlow Lite Micro says of a model it cannot run, most telling first.
_REASONS = (
    (re.compile(r"Didn't find op for builtin opcode '(\w+)'"), "it has no operator {0}"),
    (re.compile(r"Failed to get registration from op code (\w+)"), "it has no operator {0}"),
    (re.compile(r"Node (\w+) \(number (\d+)f?\) failed to prepare"), "it refuses operator {1} ({0})"),
    (re.compile(r"Node (\w+) \(number (\d+)f?\) failed to invoke"), "it fails to run operator {1} ({0})"),
)


def _failure(model: Path, said: str, failed: str | None, status: int) -> Exception:
    """The error for what the worker wrote to stderr and reported, or for the signal that ended it."""
    if re.search(r"Failed to (resize buffer|allocate)|arena size is too small", said):
        return _ArenaTooSmallError()
    if failed is None:
        how = signal.Signals(-status).name if status < 0 else f"exit code {status}"
        return InputError(f"{model}: TensorFlow Lite Micro crashed on it ({how})", *_tail(said))
    for pattern, sentence in _REASONS:
        if match := pattern.search(said):
            reason = sentence.format(*match.groups())
            return InputError(f"{model}: TensorFlow Lite Micro cannot run it: {reason}", *_tail(said))
    return InputError(f"{model}: TensorFlow Lite Micro cannot run it: {failed}", *_tail(said))


def _tail(said: str) -> list[str]:
    """The last lines of stderr worth showing."""
    noise = re.compile(r"^\[RecordingMicroAllocator\]|index \d+ out of range|^\s*$")
    return [f"TFLM: {line.strip()}" for line in said.splitlines() if not noise.search(line)][-5:]
