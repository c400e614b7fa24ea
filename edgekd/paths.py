"""Where things are: what ships with the package, and what edgekd may write outside a run directory."""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The folder `boards` or `firmware`: inside an installed wheel, or at the top of a checkout."""
    packed = _PACKAGE / "_data" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name


def home() -> Path:
    """edgekd's own writable folder (PlatformIO core, build cache): $EDGEKD_HOME, else the user's cache folder."""
    explicit = os.environ.get("EDGEKD_HOME")
    if explicit:
        return Path(explicit).expanduser().resolve()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser().resolve() / "edgekd"
