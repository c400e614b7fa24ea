"""A trained torch model to an int8 .tflite, and the proof that it still works."""

from __future__ import annotations

import hashlib
import importlib.metadata
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from edgekd.convert.verify import Verification, verify
from edgekd.progress import Progress, silent

if TYPE_CHECKING:
    import torch

__all__ = ["Converted", "Verification", "convert", "convert_all", "verify"]

# The packages that decide the bytes of a .tflite.
_DECIDING = ("torch", "onnx", "onnxsim", "onnx2tf", "tensorflow", "tf_keras", "numpy")


@dataclass(frozen=True)
class Converted:
    """A finished conversion. path: the .tflite. sha256: of its bytes. versions: of the packages that decide them.
    seconds: it took, for all models converted together. log: what the converters printed."""

    path: Path
    sha256: str
    size: int
    seconds: float
    versions: Mapping[str, str]
    log: Path


def convert(
    model: torch.nn.Module,
    calibration: npt.NDArray[Any],
    out: Path,
    *,
    log: Path | None = None,
    progress: Progress = silent,
) -> Converted:
    """Convert a trained `model` to a .tflite with per-channel int8 weights and int8 input and output.

    model: takes and returns one float tensor, channels first; it is exported in inference mode for a batch of one and
    left as it is; what edgekd.quantize_aware made keeps every scale and weight it learned. calibration: float samples
    of the training data in the model's units, channels last: (samples, height, width, channels), (samples, length,
    channels) or (samples, features); a few hundred set the range of every activation. out: the file to write, whole or
    not at all. log: gets what the converters print (default: beside `out`). The same model, samples and versions give
    the same bytes.

        edgekd.convert(student, x_train[:500], Path("student.tflite"))

    Raises InputError for a model or samples that cannot be converted, ToolError when a package is missing or fails.
    """
    return convert_all({out: model}, calibration, log=log, progress=progress)[out]


def convert_all(
    models: Mapping[Path, torch.nn.Module],
    calibration: npt.NDArray[Any] | Mapping[Path, npt.NDArray[Any]],
    *,
    log: Path | None = None,
    progress: Progress = silent,
) -> dict[Path, Converted]:
    """Convert several models as `convert` does, in one worker process, because its start takes seconds.

    models: by the file to write. calibration: one array for all, or one for each file.
    """
    from edgekd.convert import export, process
    from edgekd.convert.learned import learned_of

    export.require_packages()
    started = time.monotonic()
    first = next(iter(models))
    log = log or first.with_name(first.stem + ".convert.log")
    progress(0, len(models), "export to ONNX")
    with tempfile.TemporaryDirectory(prefix="edgekd-onnx-") as folder:
        jobs = []
        for number, (out, model) in enumerate(models.items()):
            samples = export.check_calibration(calibration[out] if isinstance(calibration, Mapping) else calibration)
            onnx_path = Path(folder, f"{number}.onnx")
            probe = export.export_onnx(model, samples, onnx_path)
            jobs.append(process.Job(out.stem, onnx_path, samples, probe, out, learned_of(model)))
        process.run_worker(jobs, log, progress)
    seconds = time.monotonic() - started
    versions = {name: importlib.metadata.version(name) for name in _DECIDING}
    made = {}
    for out in models:
        data = out.read_bytes()
        made[out] = Converted(out, hashlib.sha256(data).hexdigest(), len(data), seconds, versions, log)
    return made
