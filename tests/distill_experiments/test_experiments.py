"""Small cases of scripts/experiments: the same code as the long ones, on digits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from distill_experiments import record
from distill_experiments.__main__ import NAMES
from distill_experiments.table import table

ROOT = Path(__file__).resolve().parents[2]
RECORDS = sorted(record.RESULTS.glob("*.json"))


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'scripts'}", "EDGEKD_HOME": str(cwd / "home")}
    line = [sys.executable, "-m", "distill_experiments", *arguments]
    return subprocess.run(line, cwd=cwd, env=environment, capture_output=True, text=True)


def small(name: str, folder: Path, *more: str) -> tuple[dict[str, Any], subprocess.CompletedProcess[str]]:
    out = folder / "record.json"
    done = command(name, "--small", "--seeds", "2", "--out", str(out), *more, cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(out.read_text()), done


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_a_small_case_is_recorded_with_every_run_and_its_control(name: str, tmp_path: Path) -> None:
    made, done = small(name, tmp_path)

    assert len(made["commit"]) == 40 and made["command"].startswith(f"scripts/experiments {name} --small")
    assert {"uncommitted", "date", "versions", "threads", "settings", "cores"} <= made.keys()
    runs = {(run["name"], run["seed"]): run["figures"] for run in made["result"]["runs"]}
    for one in made["result"]["comparisons"]:
        for side in ("student", "control"):
            values = [runs[one[f"{side}_runs"], seed][one["figure"]] for seed in range(2)]
            assert one[side]["values"] == values and one[side]["mean"] == sum(values) / 2
    assert done.stdout.strip() == table(made)


@pytest.mark.torch
def test_the_same_command_trains_nothing_again_and_more_seeds_only_what_is_new(tmp_path: Path) -> None:
    name = "hinton-transfer-3-percent"
    first, _ = small(name, tmp_path)
    again, done = small(name, tmp_path)
    assert again["result"] == first["result"] and "epoch" not in done.stderr

    more, done = small(name, tmp_path, "--seeds", "3")
    assert [run for run in more["result"]["runs"] if run["seed"] < 2] == first["result"]["runs"]
    assert "seed 2: the student" in done.stderr and "seed 1: the student" not in done.stderr


def test_what_is_not_there_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    done = command("hinton-missing-class", "--table", "--out", "none.json", cwd=tmp_path)
    assert done.returncode == 2 and "none.json: there is no record" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_records_are_of_a_commit_of_five_seeds_and_in_the_readme(path: Path) -> None:
    made = record.load(path)
    assert path.stem in NAMES and not made["uncommitted"] and made["seeds"] == 5
    assert all(len(one["student"]["values"]) == 5 for one in made["result"]["comparisons"])
    assert table(made) in (ROOT / "README.md").read_text(), (
        f"put `scripts/experiments {path.stem} --table` in README.md"
    )
