"""The program as its users meet it: help at once, errors that teach, exit codes that mean something."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from edgekd.cli import COMMANDS

HEAVY = {"torch", "tensorflow", "onnx", "onnx2tf", "matplotlib", "numpy", "platformio", "tflite_micro"}


def edgekd(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("edgekd")), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)


def imported_by(*arguments: str) -> set[str]:
    code = "import sys, json; from edgekd.cli import cli; cli(standalone_mode=False)"
    code += "; print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    result = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return set(json.loads(result.stderr.splitlines()[-1]))


def test_help_lists_every_command_and_loads_nothing_heavy() -> None:
    result = edgekd("--help")
    assert result.returncode == 0
    for name in COMMANDS:
        assert name in result.stdout
    assert not imported_by("--help") & (HEAVY | {"rich", "pydantic", "jinja2"})


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_loads_no_framework_for_it(name: str) -> None:
    result = edgekd(name, "--help")
    assert result.returncode == 0, result.stderr
    assert "Usage: edgekd" in result.stdout
    assert not imported_by(name, "--help") & HEAVY


def test_listing_the_boards_loads_no_framework() -> None:
    assert not imported_by("boards") & {"torch", "tensorflow", "onnx2tf", "platformio"}


def test_a_mistyped_command_is_answered_with_the_right_one() -> None:
    result = edgekd("bord")
    assert result.returncode == 2
    assert "Did you mean 'boards'?" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "none.toml"], "none.toml: no such recipe"),
        (["run", "digit"], "did you mean digits?"),
        (["search", "none", "--board", "mps2-an386"], "recipes: anomaly, digits, fashion_mnist,"),
        (["report", f"{'x' * 300}.toml"], "x.toml: no such recipe"),
        (["compile", "x" * 300, "--target", "host", "--out", "out"], "x: File name too long"),
        (["report", "none"], "none"),
        (["compile", "none.tflite", "--target", "host", "--out", "out"], "none.tflite"),
        (["deploy", "none.tflite", "--board", "mps2-an386"], "none.tflite"),
        (["deploy", "none.tflite", "--board", "mps2-an368"], "mps2-an386"),
        (["bench", "none.tflite", "--board", "mps2-an386"], "none.tflite"),
        (["eval", "none.tflite", "--board", "mps2-an386", "--data", "none.npz"], "error: none."),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else None,
)
def test_what_a_user_gets_wrong_ends_with_code_2_and_a_sentence(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    result = edgekd(*arguments, cwd=tmp_path)
    assert result.returncode == 2, result.stderr
    assert "\nerror: " in f"\n{result.stderr}"
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []
