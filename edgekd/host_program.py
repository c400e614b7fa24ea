"""C of ours that runs on this machine: compiled by its gcc when first needed, and kept in edgekd's own folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from edgekd import paths
from edgekd.errors import ToolError

_FLAGS = ("-std=c11", "-D_POSIX_C_SOURCE=200809L", "-O2", "-Wall", "-Wextra", "-Wconversion")


def compiled(source: Path, *options: str, suffix: str = "", debian: str = "gcc") -> Path:
    """The program or, with -shared among the options, the library made of `source`.

    options: for gcc, after the source: libraries as well. debian: the packages that compiling needs.
    Raises ToolError where it cannot be compiled.
    """
    text = source.read_bytes()
    key = hashlib.sha256(b"\0".join([text, *map(str.encode, (*_FLAGS, *options))])).hexdigest()
    made = paths.home() / "host" / f"{source.stem}-{key[:16]}{suffix}"
    if made.is_file():
        return made
    remedy = f"Debian: apt-get install {debian}"
    gcc = shutil.which("gcc")
    if gcc is None:
        raise ToolError(f"gcc is not on PATH; it compiles {source.name}", remedy)
    made.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{source.stem}-", dir=made.parent) as folder:
        new = Path(folder, made.name)
        command = [gcc, *_FLAGS, "-o", str(new), str(source), *options]
        try:
            result = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            raise ToolError(f"{gcc} cannot be started: {error.strerror}", remedy) from None
        if result.returncode != 0:
            raise ToolError(f"gcc could not compile {source}", *result.stderr.splitlines()[:5], remedy)
        os.replace(new, made)
    return made
