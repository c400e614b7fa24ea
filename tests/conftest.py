"""What all tests share: a missing tool fails in CI and skips, with the reason, on a user's machine."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable

import pytest
from mlperf_models import mlperf_tiny_models

__all__ = ["mlperf_tiny_models"]  # a fixture of all tests


def missing(what: str) -> None:
    """End the test: `what` is not here. CI has everything, so there it is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing; scripts/setup must install it", pytrace=False)
    pytest.skip(f"{what} is missing; scripts/setup installs it")


def require_program(name: str) -> str:
    """The path of a program on PATH."""
    path = shutil.which(name)
    if path is None:
        missing(f"the program {name}")
    assert path is not None
    return path


def require_module(name: str) -> None:
    """Says that the test imports `name`."""
    if importlib.util.find_spec(name) is None:
        missing(f"the Python package {name}")


_NEEDS = {
    "torch": ([], ["torch"]),
    "convert": ([], ["torch", "onnx2tf", "tensorflow"]),
    "cc": (["gcc"], []),
    "cross": (["arm-none-eabi-gcc"], []),
    "emulated": (["arm-none-eabi-gcc", "qemu-system-arm"], ["platformio"]),
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (programs, modules) in _NEEDS.items():
        if item.get_closest_marker(marker):
            for program in programs:
                require_program(program)
            for module in modules:
                require_module(module)


@pytest.fixture(name="require_program")
def _require_program() -> Callable[[str], str]:
    """For tests that need a program no marker stands for."""
    return require_program
