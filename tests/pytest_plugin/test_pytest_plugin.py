"""The `device` fixture in a user's own project: five lines, options, words for what is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from small_models import classifier

from edgekd.device.emulator import Emulator
from edgekd.firmware import deploy_cached
from edgekd.firmware.board import load_board

pytest_plugins = ["pytester"]

CONFTEST = """
from pathlib import Path
import pytest

@pytest.fixture(scope="session")
def edgekd_model():
    return Path("model.tflite")
"""
TWO_TESTS = """
import numpy as np

def test_answers(device):
    assert device.infer(np.zeros((8, 8, 3), np.int8)).shape == (4,)

def test_is_exact_and_restarts(device):
    result = device.evaluate(np.zeros((2, 8, 8, 3), np.int8))
    assert result["bit_exact"]["equal"] == 2
    assert result["board"] == "{board}"
    device.reset()
"""


@pytest.mark.emulated
@pytest.mark.parametrize(
    ("arguments", "ini", "board"),
    [
        ([], "", "mps2-an386"),
        (["--edgekd-board", "netduinoplus2"], "[pytest]\nedgekd_board = mps2-an386\n", "netduinoplus2"),
        ([], "[pytest]\nedgekd_board = netduinoplus2\n", "netduinoplus2"),
    ],
    ids=["default", "option", "ini"],
)
def test_five_lines_put_a_model_on_a_board(
    project: pytest.Pytester, arguments: list[str], ini: str, board: str
) -> None:
    project.makeconftest(CONFTEST)
    project.makeini(ini)
    project.makepyfile(TWO_TESTS.format(board=board))
    project.runpytest_subprocess(*arguments).assert_outcomes(passed=2)


@pytest.mark.emulated
def test_options_name_model_and_port(project: pytest.Pytester) -> None:
    project.makepyfile(TWO_TESTS.format(board="mps2-an386"))
    board = load_board("mps2-an386")
    elf = deploy_cached(project.path / "model.tflite", board).elf
    with Emulator(board, elf) as emulator:
        arguments = ["--edgekd-model", "model.tflite", "--edgekd-port", emulator.url, "--junitxml", "report.xml"]
        project.runpytest_inprocess(*arguments).assert_outcomes(passed=2)
    report = (project.path / "report.xml").read_text()
    for name in ("board", "profile", "port", "engine", "build_id", "model", "model_sha256"):
        assert report.count(f'name="edgekd_{name}"') == 2  # with each of the tests
    assert f'value="{emulator.url}"' in report


@pytest.mark.emulated
def test_a_board_that_runs_another_model_fails_the_tests(project: pytest.Pytester) -> None:
    project.makepyfile(TWO_TESTS.format(board="mps2-an386"))
    other = project.path / "other.tflite"
    other.write_bytes(classifier(seed=1))
    board = load_board("mps2-an386")
    with Emulator(board, deploy_cached(other, board).elf) as emulator:
        arguments = ["--edgekd-model", "model.tflite", "--edgekd-port", emulator.url]
        result = project.runpytest_inprocess(*arguments)
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*the board runs another model*"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "*the device fixture needs a model: pass --edgekd-model*"),
        (["--edgekd-model", "none.tflite"], "*none.tflite*"),
        (["--edgekd-model", "model.tflite", "--edgekd-board", "mps2-an368"], "*did you mean mps2-an386*"),
        (["--edgekd-model", "model.tflite", "--edgekd-port", "socket://127.0.0.1:1"], "*cannot be reached*"),
    ],
    ids=["no-model", "absent-model", "unknown-board", "absent-port"],
)
def test_what_is_wrong_is_said_in_a_sentence(project: pytest.Pytester, arguments: list[str], says: str) -> None:
    project.makepyfile("def test_answers(device): pass")
    result = project.runpytest_inprocess(*arguments)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([says])
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize(("ci", "outcome"), [("", "skipped"), ("true", "errors")])
def test_missing_tools_skip_at_home_and_fail_in_ci(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str, outcome: str
) -> None:
    project.makepyfile("def test_answers(device): pass")
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PATH", str(project.path))
    result = project.runpytest_inprocess("--edgekd-model", "model.tflite", "-rs")
    result.assert_outcomes(**{outcome: 1})
    result.stdout.fnmatch_lines(["*needs what is not here: arm-none-eabi-gcc, qemu-system-arm*"])


def test_who_uses_no_board_pays_nothing(tmp_path: Path) -> None:
    """The plugin is loaded in every pytest run of everyone who has edgekd installed."""
    script = (
        "import sys, pytest; before = set(sys.modules); import edgekd.pytest_plugin; "
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert not {"numpy", "serial", "jinja2", "pydantic", "click", "elftools", "torch"} & set(loaded.stdout.split())
