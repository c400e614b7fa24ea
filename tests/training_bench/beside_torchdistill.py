"""torchdistill's modules for tests."""

from __future__ import annotations

from types import ModuleType

from needs import import_needed, missing

import_needed("torch")

from training_bench.beside import torchdistill_module  # noqa: E402

from edgekd.errors import ToolError  # noqa: E402


def torchdistill(name: str) -> ModuleType:
    """The module `torchdistill.NAME`; ends the test where it is not installed."""
    try:
        return torchdistill_module(f"torchdistill.{name}")
    except ToolError:
        missing("torchdistill (.venv/torchdistill)")
        raise
