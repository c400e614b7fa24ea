"""How a long stage tells how far it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called from time to time with the work done so far, the whole of it (same unit) and what is running."""

    def __call__(self, done: float, total: float, text: str) -> None: ...


def silent(done: float, total: float, text: str) -> None:
    """A Progress nobody watches."""
