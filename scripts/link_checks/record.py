"""The result of a check as JSON, with what it was made by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from provenance import ROOT, first_line, provenance

from edgekd.files import write_atomically

__all__ = ["RESULTS", "ROOT", "circumstances", "first_line", "save"]

RESULTS = ROOT / "scripts" / "results"
_SOURCES = (
    *("edgekd/device", "edgekd/compiler", "edgekd/firmware", "firmware", "boards", "scripts/link_checks"),
    *("tests/host_board.py", "tests/firmware", "tests/small_models.py", "tests/tflite_builder.py"),
)


def circumstances(command: str, programs: dict[str, str] | None = None) -> dict[str, Any]:
    """What a check is of, when it begins. programs: versions of what it depends on beside edgekd."""
    return provenance(command, _SOURCES, programs)


def save(out: Path, made_by: dict[str, Any], result: dict[str, Any], key: str | None = None) -> None:
    """key: of the record among others in the file, which stay."""
    record: dict[str, Any] = {**made_by, "result": result}
    if key is not None:
        others = json.loads(out.read_text()) if out.exists() else {}
        record = {**others, key: record}
    write_atomically(out, json.dumps(record, indent=1) + "\n")
