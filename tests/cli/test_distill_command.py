"""`edgekd distill` with the options of Distiller."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = [pytest.mark.torch, pytest.mark.slow]

RECIPE = """\
name = "r"
data = { source = "digits", validation = 200 }
teacher = { model = "mlp", count = 1, epochs = 1 }
student = { model = "mlp", options = { hidden = [8] }, epochs = 1 }
distill = { method = "dkd", options = { beta = 2.0 } }
"""


def distill(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "r.toml").write_text(RECIPE)
    command = [str(Path(sys.executable).with_name("edgekd")), "distill", "r.toml", "--out", "run", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_options_stand_before_the_recipe(tmp_path: Path) -> None:
    options = "--method soft-targets --kd-temp 3 --kd-distill-wt 0.7 --kd-student-wt 0.5 --kd-start-epoch 1 --seeds 2"
    run = distill(tmp_path, *options.split())
    assert run.returncode == 0, run.stderr
    said = json.loads((tmp_path / "run" / "distill" / "distill.json").read_text())
    assert said["method"] == [
        "soft-targets",
        {"temperature": 3.0, "soft_weight": 0.7, "hard_weight": 0.5, "start_epoch": 1},
    ]
    assert said["seeds"]["count"] == 2


def test_the_teacher_may_be_a_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "teacher.npz", train=rng.normal(size=(1237, 10)), val=rng.normal(size=(200, 10)))
    run = distill(tmp_path, "--kd-teacher", "teacher.npz", "--kd-temp", "2")
    assert run.returncode == 0, run.stderr
    said = json.loads((tmp_path / "run" / "distill" / "distill.json").read_text())
    assert said["method"][1]["beta"] == 2.0 and said["method"][1]["temperature"] == 2.0
    assert [Path(row["file"]).name for row in said["teachers"]] == ["teacher.npz"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--kd-temp", "-1"], "temperature: "),
        (["--method", "dkdd"], "did you mean 'dkd'?"),
        (["--kd-teacher", "none.onnx"], "none.onnx: no such file"),
        (["--kd-distill-wt", "2"], "dkd has no option 'soft_weight'"),
    ],
)
def test_what_does_not_fit_ends_with_code_2(options: list[str], message: str, tmp_path: Path) -> None:
    run = distill(tmp_path, *options)
    assert run.returncode == 2
    assert message in run.stderr
    assert "Traceback" not in run.stderr
    assert not list(tmp_path.glob("run/distill/*.safetensors"))
