"""Small cases of scripts/experiments: the same code as the long ones, on digits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from distill_experiments import record
from distill_experiments.__main__ import NAMES, main
from distill_experiments.table import table
from needs import import_needed, require_program

ROOT = Path(__file__).resolve().parents[2]
RECORDS = sorted(record.RESULTS.glob("*.json"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """$EDGEKD_HOME; torch has its own number of threads again afterwards."""
    torch = import_needed("torch")
    monkeypatch.setenv("EDGEKD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    threads = torch.get_num_threads()
    yield tmp_path
    torch.set_num_threads(threads)


def small(name: str, folder: Path, seeds: int = 2) -> dict[str, Any]:
    out = folder / "record.json"
    assert main([name, "--small", "--seeds", str(seeds), "--out", str(out)]) == 0
    made: dict[str, Any] = json.loads(out.read_text())
    return made


_PROGRAMS = {"hinton-ensemble-keywords": ("espeak-ng", "flite")}
_CONVERTING = [
    pytest.param("headline", marks=[pytest.mark.convert, pytest.mark.emulated, pytest.mark.slow]),
    pytest.param("temperature-bits", marks=[pytest.mark.convert, pytest.mark.slow]),
]
# Of these the same code is tested by others: methods-fashion is methods on Fashion-MNIST.
_OTHERS = [name for name in NAMES if name not in ("headline", "temperature-bits", "methods-fashion")]


@pytest.mark.torch
@pytest.mark.parametrize("name", [*_OTHERS, *_CONVERTING])
def test_a_small_case_is_recorded_with_every_run_and_its_control(
    name: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for program in _PROGRAMS.get(name, ()):
        require_program(program)
    made = small(name, home)

    assert len(made["commit"]) == 40 and made["command"].startswith(f"scripts/experiments {name} --small")
    assert {"uncommitted", "date", "versions", "threads", "settings", "cores"} <= made.keys()
    runs = {(run["name"], run["seed"]): run["figures"] for run in made["result"]["runs"]}
    for one in made["result"]["comparisons"]:
        for side, figure in (("student", "figure"), ("control", "control_figure")):
            values = [runs[one[f"{side}_runs"], seed][one[figure]] for seed in range(2)]
            assert one[side]["values"] == values and one[side]["mean"] == sum(values) / 2
    assert capsys.readouterr().out.strip() == table(made)


@pytest.mark.torch
def test_the_same_command_trains_nothing_again_and_more_seeds_only_what_is_new(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = small("hinton-transfer-3-percent", home)
    assert "seed 1: the student, epoch 2" in capsys.readouterr().err
    again = small("hinton-transfer-3-percent", home)
    assert again["result"] == first["result"] and "epoch" not in capsys.readouterr().err

    more = small("hinton-transfer-3-percent", home, seeds=3)
    assert [run for run in more["result"]["runs"] if run["seed"] < 2] == first["result"]["runs"]
    said = capsys.readouterr().err
    assert "seed 2: the student, epoch 2" in said and "seed 1: the student" not in said


@pytest.mark.torch
def test_every_built_in_method_is_tried() -> None:
    import_needed("torch")
    from distill_experiments.experiments.methods import CANDIDATES

    from edgekd.distill.methods import METHODS

    assert CANDIDATES.keys() == METHODS.keys()


@pytest.mark.torch
def test_a_method_that_diverges_with_every_candidate_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from distill_experiments.experiments import methods

    monkeypatch.setitem(
        methods.SMALL,
        "candidates",
        {"soft-targets": [{"optimizer": "sgd", "learning_rate": 100.0, "hard_weight": 1e6, "soft_weight": 0.0}]},
    )
    assert main(["methods", "--small", "--seeds", "1"]) == 2
    assert "error: soft-targets: training diverged with every candidate" in capsys.readouterr().err


def test_what_is_not_there_is_an_error_with_a_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hinton-missing-class", "--table", "--out", str(tmp_path / "none.json")]) == 2
    assert "none.json: there is no record\n" in capsys.readouterr().err


def test_the_command_names_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0 and capsys.readouterr().out.split() == [*NAMES]


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_records_are_of_a_commit_of_five_seeds_and_in_the_readme(path: Path) -> None:
    made = record.load(path)
    assert path.stem in NAMES and not made["uncommitted"] and made["seeds"] == 5
    assert all(len(one["student"]["values"]) == 5 for one in made["result"]["comparisons"])
    pages = [ROOT / "README.md", ROOT / "scripts" / "distill_experiments" / "README.md"]
    assert any(table(made) in page.read_text() for page in pages), (
        f"put `scripts/experiments {path.stem} --table` in {pages[1]}"
    )


@pytest.mark.torch
def test_every_built_in_method_is_ahead_of_its_control_in_a_record() -> None:
    import_needed("torch")
    from edgekd.distill.methods import METHODS

    records = [record.load(path) for path in RECORDS if path.stem.startswith("methods")]
    ahead = {
        one["student_runs"]
        for made in records
        for one in made["result"]["comparisons"]
        if one["difference"]["mean"] > 0
    }
    assert ahead >= METHODS.keys()
