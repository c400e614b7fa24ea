"""What all tests share: markers that say what a test needs, and models made once a session."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from mlperf_models import mlperf_tiny_models
from needs import require_header, require_module, require_program

__all__ = ["mlperf_tiny_models"]  # a fixture of all tests

# Read when torch is loaded, here and in the processes that tests start: its threads are not to spin while they wait for
# each other, which on a busy machine takes longer than what they compute.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

_NEEDS = {
    "torch": ([], ["torch"]),
    "convert": ([], ["torch", "onnx2tf", "tensorflow"]),
    "cc": (["gcc"], []),
    "cross": (["arm-none-eabi-gcc", "avr-gcc"], []),
    "emulated": (
        ["arm-none-eabi-gcc", "qemu-system-arm", "riscv64-unknown-elf-gcc", "qemu-system-riscv32", "avr-gcc", "gcc"],
        ["platformio"],
    ),
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (programs, modules) in _NEEDS.items():
        if item.get_closest_marker(marker):
            for program in programs:
                require_program(program)
            for module in modules:
                require_module(module)
            if marker == "emulated":
                require_header("simavr/sim_avr.h")


@pytest.fixture(name="require_program")
def _require_program() -> Callable[[str], str]:
    """For tests that need a program no marker stands for."""
    return require_program
