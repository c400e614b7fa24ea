"""Board profiles that differ from a shipped one."""

from __future__ import annotations

from edgekd.firmware.board import BoardProfile


def changed(board: BoardProfile, **parts: dict[str, object]) -> BoardProfile:
    """The profile with some keys of some tables replaced, checked like a file's."""
    table = board.model_dump(exclude_none=True)
    return BoardProfile.model_validate({**table, **{name: {**table[name], **keys} for name, keys in parts.items()}})
