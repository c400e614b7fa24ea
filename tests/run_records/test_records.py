"""Records of recipes and searches: what they keep, and that the README shows it."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import run_records.__main__ as program
from run_records.__main__ import FOLDERS, main, tables

ROOT = Path(__file__).resolve().parents[2]
RECORDS = [path for folder in FOLDERS.values() for path in sorted(folder.glob("*.json"))]
RECIPE = """\
name = "small"

[data]
source = "digits"
"""


def test_the_readme_shows_the_recorded_figures() -> None:
    readme = (ROOT / "README.md").read_text()
    assert RECORDS
    # Between empty lines: there is no row more, either.
    for table in tables().split("\n\n"):
        assert f"\n\n{table}\n\n" in readme, f"put the output of scripts/record_run --table into README.md:\n{table}"


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_record_is_of_the_recipe_as_it_is_now(path: Path) -> None:
    record = json.loads(path.read_text())
    recipe = tomllib.loads((ROOT / "edgekd" / "recipes" / f"{path.stem}.toml").read_text())
    assert record["recipe"] == recipe, "the recipe has changed: record it anew"
    assert record["exit_code"] == 0 and not record["uncommitted"]


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe; records go to tmp_path, of a tree without changes."""
    made_by = {"commit": "0" * 40, "uncommitted": False}
    monkeypatch.setattr(program, "provenance", lambda command, *_: {"command": command, **made_by})
    monkeypatch.setattr(program, "FOLDERS", {"run": tmp_path / "recipes", "search": tmp_path / "searches"})
    path = tmp_path / "small.toml"
    path.write_text(RECIPE)
    return path


@pytest.mark.convert  # the versions of its packages are recorded
@pytest.mark.parametrize(("job", "folder"), [("run", "recipes"), ("search", "searches")])
def test_a_result_is_kept_with_its_recipe_and_options(
    job: str, folder: str, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[list[str]] = []

    def edgekd(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        called.append(command)
        return subprocess.CompletedProcess(command, 1, stdout='{"name": "small"}')

    monkeypatch.setattr(subprocess, "run", edgekd)

    assert main([job, str(recipe), "--seeds", "5"]) == 1  # the run's own
    record = json.loads((tmp_path / folder / "small.json").read_text())
    own = ROOT / "runs" / "records" / ("0" * 40) / f"{job}-small"  # nothing of another commit is in it
    assert called[0][3:] == [job, str(recipe), "--seeds", "5", "--out", str(own), "--json"]
    assert record["command"] == f"scripts/record_run {job} {recipe} --seeds 5"
    assert record["recipe"] == {"name": "small", "data": {"source": "digits"}}
    assert record["exit_code"] == 1 and record["result"] == {"name": "small"}


@pytest.mark.convert
def test_a_run_that_ends_without_a_result_leaves_no_record(recipe: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(recipe)]) == 2
    assert "student is missing" in capfd.readouterr().err
    assert not (recipe.parent / "recipes").exists()


@pytest.mark.convert
def test_a_tree_with_changes_is_not_recorded(
    recipe: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "provenance", lambda *_: {"uncommitted": True})
    assert main(["run", str(recipe)]) == 2
    assert "commit them first" in capsys.readouterr().err
    assert not (recipe.parent / "recipes").exists()


@pytest.mark.parametrize("arguments", [[], ["run"], ["evaluate", "recipe.toml"], ["run", "recipe.toml", "--table"]])
def test_other_arguments_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
