"""The result of a check as JSON, with what it was made by."""

from __future__ import annotations

import datetime
import json
import platform
import subprocess
from pathlib import Path
from typing import Any

import edgekd
from edgekd.files import write_atomically

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "scripts" / "results"
_SOURCES = ("edgekd/device", "firmware", "boards", "tests/host_board.py", "tests/firmware", "scripts/link_checks")


def circumstances(command: str, programs: dict[str, str] | None = None) -> dict[str, Any]:
    """What a check is of, when it begins. programs: versions of what it depends on beside edgekd."""
    return {
        "command": command,
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted": bool(_git("status", "--porcelain", "--", *_SOURCES)),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "versions": {"edgekd": edgekd.__version__, "python": platform.python_version(), **(programs or {})},
    }


def save(out: Path, made_by: dict[str, Any], result: dict[str, Any]) -> None:
    write_atomically(out, json.dumps({**made_by, "result": result}, indent=1) + "\n")


def first_line(*command: str) -> str:
    """What a program says of its version."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
