"""One search with everything real: digits, a small student, an emulated board."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from needs import require_module

from edgekd.cli import cli
from edgekd.errors import InputError

pytestmark = [pytest.mark.torch, pytest.mark.convert, pytest.mark.emulated, pytest.mark.slow]

RECIPE = """\
name = "digits"
data = { source = "digits", validation = 200 }
teacher = { model = "teacher_cnn", options = { image_size = 8, width = 4 }, count = 1, epochs = 1 }
student = { model = "student_cnn", options = { image_size = 8, width = 4 }, epochs = 2, learning_rate = 0.05 }
convert = { calibration_samples = 50 }
deploy = { board = "netduinoplus2" }

[search]
trials = 3
flash = "13K"
latency_ms = 100

[search.options]
width = [4, 12, 40]
kernel = [3]
"""


def test_a_search_ends_in_a_front_measured_on_the_board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    require_module("optuna")
    (tmp_path / "r.toml").write_text(RECIPE)
    command = [str(Path(sys.executable).with_name("edgekd")), "search", "r.toml", "--json"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    said: dict[str, Any] = json.loads(run.stdout)
    (row,) = said["front"]
    assert row["options"] == {"image_size": 8, "width": 4, "kernel": 3}
    reasons = {row["options"]["width"]: row["reason"] for row in said["candidates"]}
    assert reasons[4] is None and "weights alone exceed the 13,312 bytes" in reasons.get(40, reasons[12])
    cost, trained = row["cost"], row["int8"]
    # Weights change next to nothing of what a network costs, and nothing of its memory.
    assert cost["ram"] == trained["cost"]["ram"] < 16_000
    assert abs(cost["instructions"] / trained["cost"]["instructions"] - 1) < 0.02
    assert abs(cost["flash"] - trained["cost"]["flash"]) < 200
    assert 0 < cost["latency_ms"] < 100 and "estimated" in said["latency_method"]
    assert abs(trained["val_accuracy"] - row["accuracy"]) < 5
    folder = tmp_path / "runs" / "digits" / "search"
    assert not list(folder.glob("candidates/*/parts/*.pt")) and (folder / "front.svg").is_file()
    widths = {json.loads(file.read_text()).get("reason") for file in folder.glob("candidates/*/cost.json")}
    assert widths == {None}  # what the board can hold is kept as measured, whatever the budget
    # In this process, which has torch already.
    monkeypatch.chdir(tmp_path)
    cli(["search", "r.toml", "--json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out) == said
    with pytest.raises(InputError, match="search changed since it began"):
        cli(["search", "r.toml", "--flash", "17K"], standalone_mode=False)
