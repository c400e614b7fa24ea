"""The record: one row a board and model, each with the commit and the day it was measured at, so that boards can be
measured one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from provenance import first_line, load_record, provenance

from edgekd.errors import InputError
from edgekd.files import write_atomically
from edgekd.firmware.board import BoardProfile
from engine_bench import bakenn
from engine_bench.models import Model

_FORMAT = 2

Record = dict[str, Any]


def load(path: Path) -> Record:
    """Raises InputError for a file that is not there or is not such a record."""
    record = load_record(path)
    if record.get("format") != _FORMAT:
        raise InputError(f"{path}: not a record of this version", "delete it, or name another with --out")
    return record


def begin(path: Path, models: Sequence[Model]) -> Record:
    """The record at `path`, to which rows of `models` can be added; a new one when there is none.

    Raises InputError where the record has rows of other files by the same name: means over both would mean nothing.
    """
    record: Record = load(path) if path.exists() else {"format": _FORMAT, "models": {}, "rows": []}
    for model in models:
        known = record["models"].get(model.name)
        if known is not None and known != model.facts:
            raise InputError(
                f"{path}: has figures of another {model.name}", "delete it, or name another record with --out"
            )
        record["models"][model.name] = model.facts
    return record


def put(record: Record, row: Mapping[str, Any]) -> None:
    """Add a row in place of an earlier one of the same board and model."""
    kept = [old for old in record["rows"] if (old["board"], old["model"]) != (row["board"], row["model"])]
    record["rows"] = sorted([*kept, row], key=lambda row: (row["board"], row["model"]))


def save(record: Record, path: Path) -> None:
    """Write it, whole or not at all."""
    ordered = {**record, "models": dict(sorted(record["models"].items()))}
    write_atomically(path, json.dumps(ordered, indent=1, ensure_ascii=False) + "\n")


def circumstances(board: BoardProfile, command: str, *, with_bakenn: bool) -> dict[str, Any]:
    """What a row has beside figures: how, when and of which sources it was measured. uncommitted: with changes to
    them that the commit does not have."""
    versions = {board.toolchain.compiler: board.toolchain.version()} if board.toolchain else {}
    if board.emulator is not None:
        versions[board.emulator.program] = first_line(board.emulator.program, "--version")
    if with_bakenn:
        versions["bakenn"] = bakenn.VERSION
    return provenance(command, ("edgekd", "firmware", "boards"), versions)
