"""Starts the conversion worker, passes on its progress, and turns its end into files or an error."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import Graph
from edgekd.compiler.reader import parse_tflite
from edgekd.convert.export import Probe
from edgekd.convert.learned import Learned, check_learned
from edgekd.errors import InputError, ToolError
from edgekd.files import whole_file
from edgekd.progress import Progress

_LOG_LINES = 6  # of the worker's log, shown with a failure
_NOISE = re.compile(  # tracebacks, and what tensorflow says at every start
    r"^\s*$|^\s+(File|\^|raise |return )|^Traceback|FailureError|^Fatal Python error|^Extension modules"
    r"|Attempting to register|computation placer"
)


@dataclass(frozen=True, eq=False)
class Job:
    """One model for the worker. calibration: checked samples, channels last. out: the .tflite to write.

    learned: of a network that was trained with quantization; it needs no calibration.
    """

    name: str
    onnx: Path
    calibration: npt.NDArray[np.float32]
    probe: Probe
    out: Path
    learned: Learned | None = None


def run_worker(jobs: Sequence[Job], log: Path, progress: Progress) -> None:
    """Convert every job in one worker process; each `out` is whole when it is there at all.

    log: gets all the worker and its libraries print. Raises InputError when a model cannot be converted, ToolError
    when the worker itself fails; both end with the last telling lines of the log.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="edgekd-convert-") as folder:
        made = [Path(folder, f"{number}.tflite") for number in range(len(jobs))]
        described = Path(folder, "jobs.json")
        described.write_text(
            json.dumps([_describe(job, Path(folder), out) for job, out in zip(jobs, made, strict=True)])
        )
        _follow(described, log, progress)
        for job, out in zip(jobs, made, strict=True):
            if not out.is_file():
                raise ToolError(f"the conversion worker made no {job.out.name}", *_tail(log))
            graph = parse_tflite(out.read_bytes(), job.name)
            check_int8(graph)
            if job.learned is not None:
                check_learned(graph, job.learned, job.name)
            with whole_file(job.out) as partial:
                shutil.copyfile(out, partial)


def check_int8(graph: Graph) -> None:
    """Refuse a model that computes in float: TensorFlow leaves an operator so when it has no int8 form of it."""
    for operator in graph.operators:
        if operator.name not in ("QUANTIZE", "DEQUANTIZE") and any(t.dtype == "float32" for t in operator.outputs):
            tensor = operator.outputs[0].name
            raise InputError(
                f"{operator.where} has no int8 form: TensorFlow left it in float32 (tensor {tensor!r})",
                "replace that layer of the model",
            )


def _describe(job: Job, folder: Path, out: Path) -> dict[str, Any]:
    levels = job.learned.levels if job.learned is not None else None
    described: dict[str, Any] = {"name": job.name, "onnx": str(job.onnx), "out": str(out), "levels": levels}
    for key, array in (("calibration", job.calibration), ("probe_x", job.probe.x), ("probe_y", job.probe.y)):
        described[key] = str(folder / f"{out.stem}.{key}.npy")
        np.save(described[key], array)
    return described


def _environment() -> dict[str, str]:
    """Quiet, on the CPU, the same arithmetic on every machine, and this interpreter's programs first."""
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "PYTHONUNBUFFERED": "1",
        "PYTHONHASHSEED": "0",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_CPP_MIN_LOG_LEVEL": "1",
        "TF_NUM_INTRAOP_THREADS": "1",  # batches of one are too small to share between threads
        "TF_NUM_INTEROP_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "NO_COLOR": "1",
    }


def _follow(jobs: Path, log: Path, progress: Progress) -> None:
    """Run the worker to its end. Raises what it reports, or what its end means."""
    read_end, write_end = os.pipe()
    command = [sys.executable, "-P", "-m", "edgekd.convert.worker", str(jobs), str(write_end)]
    failed: dict[str, Any] | None = None
    with os.fdopen(read_end) as reports, log.open("wb") as said:
        try:
            worker = subprocess.Popen(
                command,
                cwd=jobs.parent,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                pass_fds=(write_end,),
                start_new_session=True,  # so that what it starts ends with it
            )
        finally:
            os.close(write_end)
        try:
            for line in reports:
                message = json.loads(line)
                if "failed" in message:
                    failed = message
                else:
                    progress(message["done"], message["total"], message["phase"])
            status = worker.wait()
        finally:
            if worker.poll() is None:  # interrupted: take it and what it started along
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()
    if failed is not None:
        lines = _tail(log)
        raise InputError(failed["failed"], failed["hint"], *(lines if failed["logged"] else lines[-1:]))
    if status != 0:
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with code {status}"
        raise ToolError(f"the conversion worker {how}", *_tail(log))


def _tail(log: Path) -> list[str]:
    """The last lines of the log that tell something, and where all of it is."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", log.read_text(encoding="utf-8", errors="replace"))
    lines = [line.strip()[:200] for line in text.splitlines() if not _NOISE.search(line)]
    return [*(f"worker: {line}" for line in lines[-_LOG_LINES:]), f"the whole log: {log}"]
