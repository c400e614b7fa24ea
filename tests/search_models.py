"""A student that has options and no torch: for searches whose measuring and training are functions of a test."""

from __future__ import annotations

from typing import Any


def student(*, width: int = 4, kernel: int = 3, stages: list[int] | None = None, rate: float = 0.5) -> Any:
    raise AssertionError("nothing builds it")
