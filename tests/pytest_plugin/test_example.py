"""The example of a user's suite, on three kinds of emulated board: the commands that its conftest.py names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parent / "example"


@pytest.mark.emulated
@pytest.mark.parametrize(
    ("board", "outcome"),
    [
        ("mps2-an386", "6 passed"),
        ("qemu-riscv32", "5 passed, 1 skipped"),  # no DSP instructions
        ("mega2560", "5 passed, 1 skipped"),
    ],
)
def test_the_example_is_green(board: str, outcome: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.getbasetemp() / "pytest-plugin-home"
    command = [sys.executable, "-m", "pytest", str(EXAMPLE), "--edgekd-board", board, "-rs", "-p", "no:cacheprovider"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "EDGEKD_HOME": str(home)})
    assert done.returncode == 0 and f" {outcome} in " in done.stdout, done.stdout + done.stderr
    if "skipped" in outcome:
        assert f"board {board} has " in done.stdout and "has no dsp" in done.stdout
