"""torchdistill, from the folder that scripts/setup puts it in."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from provenance import ROOT

from edgekd.errors import ToolError

FOLDER = ROOT / ".venv" / "torchdistill"


def torchdistill_module(name: str) -> ModuleType:
    """The module `name` of torchdistill. Raises ToolError when it is not installed.

    It lies in a folder of its own because it brings torchvision, whose wheel on PyPI does not import by itself beside
    .venv's torch, a build for CPUs: its compiled operators cannot be loaded, and its import needs two of them
    declared. torchdistill calls none of them to train.
    """
    if not (FOLDER / "torchdistill").is_dir():
        raise ToolError(f"{FOLDER}: torchdistill is not there", "scripts/setup installs it")
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))  # last: it must hide nothing of .venv's
    _import_torchvision()
    return importlib.import_module(name)


def _import_torchvision() -> None:
    import torch

    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        for operator in ("nms", "qnms"):
            schema = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            torch.library.define(f"torchvision::{operator}", schema)
        importlib.import_module("torchvision")
