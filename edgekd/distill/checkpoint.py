"""Training saved after each epoch: whole or not there, and read without running code from the file.

Weights, optimizer state and history are kept. The schedule is a function of the step, and the random state one of
(seed, epoch) (see seeds.py), so the number of epochs done is all of both.
"""

from __future__ import annotations

import io
import pickle
import zipfile
import zlib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch

from edgekd.errors import InputError
from edgekd.files import whole_file

_FORMAT = 2
# What zipfile and torch.load raise on damaged or foreign files.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    pickle.UnpicklingError,
    RuntimeError,
    EOFError,
    ValueError,
    KeyError,
    AttributeError,
    TypeError,
)


@dataclass
class State:
    """Where training stands after `epoch` epochs.

    identity: what the training is of (networks, data, settings); it resumes only when that is the same.
    model, optimizer: state dictionaries. loss: of what the loss trains or remembers, {} when it does not. best: the
    weights of the best epoch on the validation set so far, {} when they are not wanted. history: one row an epoch.
    """

    identity: str
    epoch: int = 0
    model: dict[str, Any] = field(default_factory=dict)
    loss: dict[str, Any] = field(default_factory=dict)
    optimizer: dict[str, Any] = field(default_factory=dict)
    best: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)


def save(state: State, path: Path) -> None:
    """Replace the checkpoint at `path`; whatever interrupts, the old one or the new one is there.

    Raises EdgekdError when it cannot be written.
    """
    content = io.BytesIO()  # torch.save would say of a full disk that a position is unexpected
    torch.save({"format": _FORMAT, **{f.name: getattr(state, f.name) for f in fields(State)}}, content)
    with whole_file(path) as partial:
        partial.write_bytes(content.getbuffer())


def load(path: Path, identity: str) -> State | None:
    """The checkpoint at `path`; None when there is none.

    Raises InputError when it is damaged or of another training than `identity`.
    """
    if not path.exists():
        return None
    damaged = InputError(f"{path}: not a checkpoint of edgekd, or damaged", "delete it: training then starts again")
    try:
        with zipfile.ZipFile(path) as archive:  # torch.load does not look at the checksums of its own format
            if archive.testzip() is not None:
                raise damaged
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except _DAMAGE:
        raise damaged from None
    names = {f.name for f in fields(State)}
    if not isinstance(content, dict) or content.pop("format", None) != _FORMAT or set(content) != names:
        raise damaged
    if content["identity"] != identity:
        raise InputError(
            f"{path} is of another training: networks, data or settings differ", "delete it, or choose another place"
        )
    return State(**content)
