"""The result of a check as JSON, with what it was made by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from provenance import ROOT, first_line, provenance

from edgekd.files import write_atomically

__all__ = ["RESULTS", "ROOT", "circumstances", "first_line", "save"]

RESULTS = ROOT / "scripts" / "results"
_SOURCES = ("edgekd/device", "firmware", "boards", "tests/host_board.py", "tests/firmware", "scripts/link_checks")


def circumstances(command: str, programs: dict[str, str] | None = None) -> dict[str, Any]:
    """What a check is of, when it begins. programs: versions of what it depends on beside edgekd."""
    return provenance(command, _SOURCES, programs)


def save(out: Path, made_by: dict[str, Any], result: dict[str, Any]) -> None:
    write_atomically(out, json.dumps({**made_by, "result": result}, indent=1) + "\n")
