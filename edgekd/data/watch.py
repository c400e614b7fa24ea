"""Shoulder exercises seen by a smart-watch (Burns et al. 2018, arXiv:1802.01489); the data come with seglearn.

140 recordings at 50 Hz: 10 people, 7 exercises of physiotherapy, each arm; acceleration in g and rotation in rad/s.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgekd.data.dataset import Dataset
from edgekd.data.windows import Recording, windowed
from edgekd.errors import InputError, ToolError

CLASS_NAMES = (
    "pendulum",
    "abduction",
    "forward-elevation",
    "internal-rotation",
    "external-rotation",
    "trapezius-extension",
    "upright-row",
)
# Ranges that inertial sensors have: 4 g and 500 degrees a second. One recorded value in a thousand is beyond.
FULL_SCALE = (4.0, 4.0, 4.0, *(math.radians(500),) * 3)

# The file is a pickle, which may run code when it is read. So the one file that is known to hold arrays alone is
# read (seglearn 1.2.5, the last release), and no other: its digest is taken before anything is unpickled.
_SHA256 = "eb122f23cdf06ef6bd6c6c5312958ec5cf9d038e2e6d457b8081662c75a42537"


def files(path: Path | None) -> list[Path]:
    """watch_dataset.npy of the installed seglearn, or the copy at `path`."""
    if path is not None:
        if not path.is_file():
            raise InputError(f"{path}: no such file", "remove data.path: the data come with the package seglearn")
        return [path]
    spec = importlib.util.find_spec("seglearn")  # found, not imported
    if spec is None or spec.origin is None:
        raise ToolError("the data source watch needs seglearn, which brings the data", "pip install 'edgekd[train]'")
    file = Path(spec.origin).parent / "data" / "watch_dataset.npy"
    if not file.is_file():
        raise InputError(f"{file}: no such file", "install seglearn again: pip install --force-reinstall seglearn")
    return [file]


def load(
    path: Path | None,
    *,
    validation: int,
    seed: int,
    window: int = 128,
    step: int = 64,
    test_subjects: int | Sequence[str] = 3,
    validation_subjects: int = 1,
) -> Dataset:
    """Windows of (samples, window, 6), quantized as in windows.quantized with FULL_SCALE; test subjects are unseen.

    validation: not used, the validation set is of `validation_subjects` people of their own. The rest: see
    windows.windowed; subjects are called "1" to "10".
    """
    (file,) = files(path)
    table = _read(file)
    recordings = [
        Recording(samples, int(label), str(subject))
        for samples, label, subject in zip(table["X"], table["y"], table["subject"], strict=True)
    ]
    return windowed(
        "watch",
        recordings,
        CLASS_NAMES,
        window=window,
        step=step,
        full_scale=FULL_SCALE,
        test_subjects=test_subjects,
        validation_subjects=validation_subjects,
        seed=seed,
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: {error.strerror or error}") from None
    if hashlib.sha256(content).hexdigest() != _SHA256:
        raise InputError(f"{file} is not the file of seglearn 1.2.5", "pip install seglearn==1.2.5")
    table: dict[str, Any] = np.load(io.BytesIO(content), allow_pickle=True).item()
    return table
