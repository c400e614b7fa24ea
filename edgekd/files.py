"""Files that are whole or not there, and their digests."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from edgekd.errors import InputError


def sha256_of(path: Path) -> str | None:
    """Digest of a file's bytes, None when there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Where to write what is to be `path`, so that a reader finds the old file or the new one, never a part.

    It takes its place when the block ends, and is gone when the block raises. Several processes may write one file.
    Raises InputError when the folder or the file cannot be written.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror or error}",
            "look at the folder, its permissions and the space that is left",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def write_atomically(path: Path, text: str) -> None:
    """Put `text` into `path`, whole or not at all; see whole_file."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")
