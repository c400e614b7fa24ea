"""What a test needs of the machine: a missing tool fails in CI and skips, with the reason, on a user's machine."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import subprocess
from functools import cache
from typing import Any

import pytest


def missing(what: str) -> None:
    """End the test: `what` is not here. CI has everything, so there it is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing; scripts/setup must install it", pytrace=False)
    pytest.skip(f"{what} is missing; scripts/setup installs it", allow_module_level=True)


def require_program(name: str) -> str:
    """The path of a program on PATH."""
    path = shutil.which(name)
    if path is None:
        missing(f"the program {name}")
    assert path is not None
    return path


@cache
def _has_header(name: str) -> bool:
    command = [require_program("gcc"), "-E", "-include", name, "-x", "c", "/dev/null"]
    return subprocess.run(command, capture_output=True).returncode == 0


def require_header(name: str) -> None:
    """Says that the test compiles C for this machine which includes `name`."""
    if not _has_header(name):
        missing(f"the C header {name}")


def require_module(name: str) -> None:
    """Says that the test imports `name`."""
    if importlib.util.find_spec(name) is None:
        missing(f"the Python package {name}")


def import_needed(name: str) -> Any:
    """The module `name`, for the top of a file of tests that all need it."""
    require_module(name.partition(".")[0])
    return importlib.import_module(name)
