"""The record of an experiment as JSON, with what it was made by."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
from pathlib import Path
from typing import Any

from provenance import ROOT, load_record, provenance

from edgekd.errors import InputError
from edgekd.files import write_atomically

RESULTS = ROOT / "scripts" / "results" / "experiments"
_SOURCES = ("edgekd", "scripts/distill_experiments", "scripts/spoken_keywords")
_PACKAGES = ("torch", "numpy", "scipy", "scikit-learn")


def circumstances(command: str) -> dict[str, Any]:
    """What an experiment is of, when it begins. uncommitted: with changes that the commit does not have."""
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    if importlib.util.find_spec("keras") is not None:  # one experiment needs it
        versions["keras"] = importlib.metadata.version("keras")
    return {**provenance(command, _SOURCES, versions), "cores": os.cpu_count()}


def save(out: Path, record: dict[str, Any]) -> None:
    write_atomically(out, json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def load(path: Path) -> dict[str, Any]:
    """Raises InputError for a file that is not there or is no record of an experiment."""
    record = load_record(path)
    if not {"title", "result", "seeds"} <= record.keys():
        raise InputError(f"{path}: not a record of an experiment")
    return record
