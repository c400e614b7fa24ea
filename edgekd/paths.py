"""Where things are: what ships with the package, and what edgekd may write outside a run directory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from edgekd.errors import InputError

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The folder `boards` or `firmware`: inside an installed wheel, or at the top of a checkout."""
    packed = _PACKAGE / "_data" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name


def recipes() -> dict[str, Path]:
    """The recipes that ship with the package, by name."""
    return {path.stem: path for path in sorted((_PACKAGE / "recipes").glob("*.toml"))}


def named(name_or_path: str | Path, known: Mapping[str, Path], kind: str, own: str) -> Path:
    """A TOML file that ships with edgekd (by name) or one of the user's own (by its path).

    known: those that ship. kind: what they are called. own: how one's own is given, for messages.
    Raises InputError when there is none.
    """
    text = str(name_or_path)
    if text in known:
        return known[text]
    if os.path.isfile(text):  # unlike Path's, it is false for names that no file can have
        return Path(text)
    if text.endswith(".toml") or "/" in text or "\\" in text:
        raise InputError(f"{text}: no such {kind}", f"check the path, or name one of edgekd's: {', '.join(known)}")
    near = get_close_matches(text, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"{kind}s: {', '.join(known)}"
    raise InputError(f'no {kind} is called "{text}"', hint, f"a {kind} of your own goes by its path: {own}")


def home() -> Path:
    """edgekd's own writable folder (PlatformIO core, build cache): $EDGEKD_HOME, else the user's cache folder."""
    explicit = os.environ.get("EDGEKD_HOME")
    if explicit:
        return Path(explicit).expanduser().resolve()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser().resolve() / "edgekd"
