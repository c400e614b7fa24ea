"""What a measured result was made by. Every record under scripts/results has it."""

from __future__ import annotations

import datetime
import functools
import json
import platform
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import edgekd
from edgekd.errors import InputError

ROOT = Path(__file__).resolve().parents[1]


def provenance(command: str, sources: Sequence[str], versions: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Command, commit, date and versions, as they are when a measurement begins.

    sources: files and folders it depends on; `uncommitted` says whether they have changes that the commit does not
    have. versions: of what decides the result beside edgekd and Python; those that are "" are left out.
    """
    told = {"edgekd": edgekd.__version__, "python": platform.python_version(), **(versions or {})}
    return {
        "command": without_folders(command),
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted": bool(_git("status", "--porcelain", "--", *sources)),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "versions": {name: version for name, version in told.items() if version},
    }


def load_record(path: Path) -> dict[str, Any]:
    """A record as it was written. Raises InputError for a file that is not there or holds no JSON object."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: there is no record", "measure first, or name one with --out") from None
    except ValueError as error:
        raise InputError(f"{path}: not JSON: {error}") from None
    if not isinstance(record, dict):
        raise InputError(f"{path}: not a record")
    return record


def command_line(script: str) -> str:
    """How `script` was called, paths by their last name alone: where someone keeps files is nobody's business."""
    return " ".join([script, *(re.sub(r"[^=]*/(?=.)", "", argument) for argument in sys.argv[1:])])


def without_folders(text: str) -> str:
    """A message with the absolute paths in it by their last name alone, as in `command_line`."""
    return re.sub(r"(?<![\w.-])/\S*/(?=[^/\s])", "", text)


@functools.cache
def first_line(*command: str) -> str:
    """What a program says of its version; "" for one that says nothing, or is none (simavr is a library here)."""
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return said.stdout.partition("\n")[0].strip() if said.returncode == 0 else ""


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
