"""scripts/bench_training: a small case on digits, and the record that the README shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from needs import import_needed

import_needed("torch")

from beside_torchdistill import torchdistill  # noqa: E402
from training_bench.__main__ import RECORD, main, table  # noqa: E402

pytestmark = pytest.mark.torch
README = Path(__file__).resolve().parents[2] / "README.md"
SIDES = {"torchdistill", "loader", "arrays", "cached"}


def test_all_sides_take_the_same_steps_with_the_same_losses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torchdistill("core.distillation")
    out = tmp_path / "record.json"
    assert main(["--small", "--repetitions", "2", "--out", str(out)]) == 0
    made = json.loads(out.read_text())
    result = made["result"]
    assert result["losses"].keys() == SIDES and result["steps"] == 10
    theirs = result["losses"]["torchdistill"]
    for losses in result["losses"].values():
        assert losses == pytest.approx(theirs, rel=1e-4) and len(losses) == 10
    assert theirs[0] > 1.02 * theirs[-1], "nothing was learnt: no proof that both learn the same"
    assert all(len(seconds) == 2 and min(seconds) > 0 for seconds in result["seconds"].values())
    assert {"torch", "torchdistill", "torchvision"} <= made["versions"].keys() and len(made["commit"]) == 40
    assert capsys.readouterr().out.strip() == table(made)


def test_the_record_is_of_a_commit_and_in_the_readme() -> None:
    made = json.loads(RECORD.read_text())
    assert not made["uncommitted"] and len(made["result"]["seconds"]["torchdistill"]) >= 5
    assert made["result"]["difference"] <= 0.01
    assert table(made) in README.read_text(), "put `scripts/bench_training --table` in README.md"


def test_no_record_is_an_error_with_a_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--table", "--out", str(tmp_path / "none.json")]) == 2
    assert "there is no record" in capsys.readouterr().err
