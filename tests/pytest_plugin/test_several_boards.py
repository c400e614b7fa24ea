"""Several boards, several workers, and never two tests on one board."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from needs import require_module

from edgekd.device.farm import load_farm
from edgekd.device.lock import held

pytest_plugins = ["pytester"]

FARM = """
[[board]]
name = "left"
profile = "microbit"
emulated = true
serial_number = "066DFF"

[[board]]
name = "right"
profile = "mps2-an386"
emulated = true
"""
TESTS_THAT_SAY_WHERE_THEY_RUN = """
import json, os, time, pytest

@pytest.mark.parametrize("n", range(10))
def test_alone(board, n):
    began = time.monotonic()
    time.sleep(0.1)
    with open("log", "a") as log:
        log.write(json.dumps([board.name, os.getpid(), began, time.monotonic()]) + "\\n")
"""


@pytest.fixture
def farm(project: pytest.Pytester) -> Path:
    path = project.path / "farm.toml"
    path.write_text(FARM)
    return path


def test_workers_share_out_the_boards_and_no_two_have_one(project: pytest.Pytester, farm: Path) -> None:
    require_module("xdist")
    project.makepyfile(TESTS_THAT_SAY_WHERE_THEY_RUN)
    result = project.runpytest_subprocess("--edgekd-farm", "farm.toml", "-n", "3", "--junitxml", "report.xml")
    result.assert_outcomes(passed=10)
    runs = [json.loads(line) for line in (project.path / "log").read_text().splitlines()]
    assert {name for name, *_ in runs} == {"left", "right"}
    report = (project.path / "report.xml").read_text()
    on_left = sum(name == "left" for name, *_ in runs)
    assert report.count('name="edgekd_serial_number" value="066DFF"') == on_left
    assert report.count('name="edgekd_board" value="left"') == on_left
    assert report.count('name="edgekd_profile" value="mps2-an386"') == 10 - on_left
    for board in ("left", "right"):
        times = sorted((began, ended) for name, _, began, ended in runs if name == board)
        assert all(ended <= began for (_, ended), (began, _) in itertools.pairwise(times))


def test_a_board_in_use_is_left_for_a_free_one(project: pytest.Pytester, farm: Path) -> None:
    project.makepyfile("def test_free(board): assert board.name == 'right'")
    boards = load_farm(farm)
    with held(str(boards.identity_of(boards.boards[0])), "left"):
        project.runpytest_subprocess("--edgekd-farm", "farm.toml").assert_outcomes(passed=1)


def test_when_all_are_in_use_it_is_said_by_whom(project: pytest.Pytester, farm: Path) -> None:
    project.makepyfile("def test_waits(board): pass")
    boards = load_farm(farm)
    with held(str(boards.identity_of(boards.boards[0])), "left"):
        arguments = ["--edgekd-farm", "farm.toml", "--edgekd-board", "microbit", "--edgekd-wait", "0.1"]
        result = project.runpytest_subprocess(*arguments)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["edgekd: waiting for a board; left is in use by *", "*no board is free*"])


def test_a_farm_of_the_ini_file_serves_unless_a_port_is_named(project: pytest.Pytester, farm: Path) -> None:
    project.makeini("[pytest]\nedgekd_farm = farm.toml\nedgekd_board = mps2-an386\n")
    project.makepyfile("def test_where(board): assert (board.name, board.seat.url) == ('right', None)")
    project.runpytest_subprocess().assert_outcomes(passed=1)
    project.makepyfile("def test_where(board): assert board.seat.url == '/dev/null'")
    project.runpytest_subprocess("--edgekd-port", "/dev/null").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--edgekd-farm", "none.toml"], "none.toml: No such file"),
        (["--edgekd-farm", "farm.toml", "--edgekd-board", "mega2560"], "no board has the profile mega2560"),
        (["--edgekd-farm", "farm.toml", "--edgekd-port", "/dev/null"], "leave one out"),
    ],
)
def test_what_is_wrong_with_a_farm_is_said(
    project: pytest.Pytester, farm: Path, arguments: list[str], says: str
) -> None:
    project.makepyfile("def test_x(board): pass")
    result = project.runpytest_inprocess(*arguments)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{says}*"])
