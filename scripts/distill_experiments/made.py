"""Data sets that a script of edgekd's makes: made once, into the cache, by the command that settings name."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path

from spoken_keywords import __main__ as make_keywords

_MAKERS = {"scripts/make_keywords": make_keywords}


def made(command: str, cache: Path) -> Path:
    """The folder that a command makes, for example "scripts/make_keywords --speakers 40".

    Its name is of the command and of the maker's sources, so a change of one makes it anew. Raises EdgekdError when it
    cannot be made.
    """
    script, *arguments = shlex.split(command)
    maker = _MAKERS[script]
    digest = hashlib.sha256(command.encode())
    for file in sorted(Path(str(maker.__file__)).parent.glob("*.py")):
        digest.update(file.read_bytes())
    folder = cache / digest.hexdigest()[:24]
    if not folder.is_dir():
        maker.run(["--out", str(folder), *arguments])
    return folder
