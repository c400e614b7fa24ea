"""What a test asks of a board: the arguments of `@pytest.mark.edgekd`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from edgekd.errors import InputError
from edgekd.firmware.board import BoardProfile
from edgekd.toml_schema import size_in_bytes


def unmet(wanted: Mapping[str, Any], profile: BoardProfile, *, emulated: bool) -> str | None:
    """Why the board does not do, in words; None when it does.

    wanted: any of
        ram, flash   at least so much: bytes, or "64k", "1M"
        isa          a feature of the CPU ("dsp", "mve", "fpu-sp", "fpu-dp"), or several
        core         "cortex-m4", or several of which it is one
        board        a profile's name, or several of which it is one
        emulated     True or False
    Raises InputError for another argument, or a value that means nothing.
    """
    unknown = wanted.keys() - _CHECKS.keys()
    if unknown:
        name = sorted(unknown)[0]
        near = get_close_matches(name, _CHECKS, n=1)
        hint = f"did you mean {near[0]}?" if near else "there are: " + ", ".join(_CHECKS)
        raise InputError(f"pytest.mark.edgekd knows no {name}", hint)
    reasons = (_CHECKS[name](value, profile, emulated) for name, value in wanted.items())
    lacking = [reason for reason in reasons if reason]
    return f"board {profile.name} " + " and ".join(lacking) if lacking else None


def _memory(kind: str) -> Callable[[Any, BoardProfile, bool], str]:
    def check(value: Any, profile: BoardProfile, emulated: bool) -> str:
        try:
            least = size_in_bytes(value.upper() if isinstance(value, str) else value)
        except ValueError as error:
            raise InputError(f"pytest.mark.edgekd, {kind}: {str(error).replace(chr(10), '; ')}") from None
        has: int = getattr(profile.memory, kind)
        return f"has {has:,} B of {kind} where {least:,} are needed" if has < least else ""

    return check


def _features(value: Any, profile: BoardProfile, emulated: bool) -> str:
    missing = [feature for feature in _names("isa", value) if feature not in profile.cpu.features]
    return f"has no {', '.join(missing)}" if missing else ""


def _core(value: Any, profile: BoardProfile, emulated: bool) -> str:
    wanted = _names("core", value)
    return "" if profile.cpu.core in wanted else f"has a {profile.cpu.core}, not {' or '.join(wanted)}"


def _board(value: Any, profile: BoardProfile, emulated: bool) -> str:
    wanted = _names("board", value)
    return "" if profile.name in wanted else f"is not {' or '.join(wanted)}"


def _emulated(value: Any, profile: BoardProfile, emulated: bool) -> str:
    if not isinstance(value, bool):
        raise InputError(f"pytest.mark.edgekd, emulated: {value!r} is neither True nor False")
    return "" if value == emulated else f"is {'emulated' if emulated else 'a real one'}"


def _names(argument: str, value: Any) -> list[str]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names or not all(isinstance(name, str) for name in names):
        raise InputError(f"pytest.mark.edgekd, {argument}: {value!r} is neither a name nor several")
    return list(names)


_CHECKS: dict[str, Callable[[Any, BoardProfile, bool], str]] = {
    "ram": _memory("ram"),
    "flash": _memory("flash"),
    "isa": _features,
    "core": _core,
    "board": _board,
    "emulated": _emulated,
}
