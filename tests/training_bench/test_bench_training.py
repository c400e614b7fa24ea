"""scripts/bench_training: a small case on digits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from needs import import_needed

import_needed("torch")

from beside_torchdistill import torchdistill  # noqa: E402
from training_bench.__main__ import main, table  # noqa: E402

pytestmark = pytest.mark.torch
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


def test_no_record_is_an_error_with_a_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--table", "--out", str(tmp_path / "none.json")]) == 2
    assert "there is no record" in capsys.readouterr().err
