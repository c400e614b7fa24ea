"""A folder of generated files: written where they differ, removed when no longer made, never over a person's work."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from edgekd.errors import InputError
from edgekd.files import sha256_of, write_atomically

_RECORD = ".edgekd.json"


def sync(folder: Path, files: Mapping[str, str]) -> None:
    """Make `folder` hold exactly `files` (path -> text) among those that sync wrote there before.

    Raises InputError when the folder holds other things, or a file that was changed since sync wrote it.
    """
    try:
        known = _read_record(folder)
        _refuse_changed(folder, files, known)
        wanted = {name: [_sha256(text)] for name, text in files.items()}
        both = {name: known.get(name, []) + wanted.get(name, []) for name in {*known, *wanted}}
        # While files are being replaced both the old and the new content are right: an interruption leaves no doubt.
        write_atomically(folder / _RECORD, _record(both))
        for name, text in files.items():
            if sha256_of(folder / name) != wanted[name][0]:
                write_atomically(folder / name, text)
        for name in known.keys() - wanted.keys():
            (folder / name).unlink(missing_ok=True)
        write_atomically(folder / _RECORD, _record(wanted))
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror or error}", "choose another folder: --out DIR") from None


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process, waiting for another one that has it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".edgekd.lock").open("w")
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror or error}", "choose another folder: --out DIR") from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _refuse_changed(folder: Path, files: Mapping[str, str], known: dict[str, list[str]]) -> None:
    changed = []
    for name in {*known, *files}:
        found = sha256_of(folder / name)
        if found is not None and found not in known.get(name, []) and found != _sha256(files.get(name, "")):
            changed.append(name)
    if changed:
        shown = ", ".join(sorted(changed)[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
        raise InputError(
            f"{folder}: changed by hand since edgekd wrote it: {shown}",
            "choose another folder with --out DIR, or delete these files to have them made again",
        )


def _read_record(folder: Path) -> dict[str, list[str]]:
    path = folder / _RECORD
    if not path.is_file():
        if folder.exists() and (not folder.is_dir() or any(not p.name.startswith(".edgekd") for p in folder.iterdir())):
            raise InputError(
                f"{folder}: not empty, and not a project of edgekd", "choose a new or empty folder: --out DIR"
            )
        return {}
    try:
        files: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["files"]
        return {_inside(str(name)): [str(item) for item in digests] for name, digests in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path}: damaged", f"delete {folder}, or choose another folder: --out DIR") from None


def _inside(name: str) -> str:
    """A recorded path is deleted when no longer made, so it must not lead out of the folder."""
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ValueError(name)
    return name


def _record(files: Mapping[str, list[str]]) -> str:
    return json.dumps({"made_by": "edgekd", "files": dict(sorted(files.items()))}, indent=1) + "\n"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
