"""`edgekd distill` with the options of Distiller."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgekd
from edgekd.cli import cli
from edgekd.cli.run import with_distill
from edgekd.config import load_recipe
from edgekd.errors import InputError

pytestmark = pytest.mark.torch

RECIPES = Path(edgekd.__file__).parent / "recipes"
RECIPE = """\
name = "r"
data = { source = "digits", validation = 200 }
teacher = { model = "mlp", count = 1, epochs = 1 }
student = { model = "mlp", options = { hidden = [8] }, epochs = 2 }
distill = { method = "dkd", options = { beta = 2.0 } }
"""


@pytest.fixture
def distill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Runs the command in this process, which has torch already; what distill.json says."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.toml").write_text(RECIPE)

    def run(*options: str) -> dict[str, Any]:
        cli(["distill", "r.toml", "--out", "run", *options], standalone_mode=False)
        said: dict[str, Any] = json.loads((tmp_path / "run" / "distill" / "distill.json").read_text())
        return said

    return run


def test_options_stand_before_the_recipe(distill: Callable[..., dict[str, Any]]) -> None:
    options = "--method soft-targets --kd-temp 3 --kd-distill-wt 0.7 --kd-student-wt 0.5 --kd-start-epoch 1 --seeds 2"
    said = distill(*options.split())
    assert said["method"] == [
        "soft-targets",
        {"temperature": 3.0, "soft_weight": 0.7, "hard_weight": 0.5, "start_epoch": 1},
    ]
    assert said["seeds"]["count"] == 2


def test_another_method_or_teacher_has_its_own_options(distill: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    text = RECIPE.replace("beta = 2.0 }", "beta = 2.0 }, temperature = 9.0, hard_weight = 0.5")
    (tmp_path / "r.toml").write_text(
        text.replace('{ model = "mlp", count', '{ model = "mlp", options = { hidden = [9] }, count')
    )
    said = distill("--kd-temp", "3")
    assert [said["method"][1][name] for name in ("temperature", "hard_weight", "beta")] == [3.0, 0.5, 2.0]
    said = distill("--method", "function-matching")
    assert said["method"] == ["function-matching", {"start_epoch": 0, "temperature": 1.0}]
    (tmp_path / "own.py").write_text(
        "from torch import nn\n"
        "def net(): return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))\n"
        "def loss(student_out, teacher_out, target): return ((student_out - teacher_out) ** 2).mean()\n"
    )
    said = distill("--kd-teacher", "own:net", "--method", "own:loss", "--kd-distill-wt", "2")
    assert said["method"][1]["weight"] == 2.0 and said["teachers"][0]["parameters"] == 650


def test_a_temperature_on_the_command_line_stands_before_one_among_the_options(
    distill: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "r.toml").write_text(RECIPE.replace("beta = 2.0", "temperature = 9.0"))
    assert distill("--kd-temp", "3")["method"][1]["temperature"] == 3.0


def test_the_teacher_may_be_a_file(distill: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "teacher.npz", train=rng.normal(size=(1237, 10)), val=rng.normal(size=(200, 10)))
    said = distill("--kd-teacher", "teacher.npz", "--kd-temp", "2")
    assert said["method"][1]["beta"] == 2.0 and said["method"][1]["temperature"] == 2.0
    assert [Path(row["file"]).name for row in said["teachers"]] == ["teacher.npz"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--kd-temp", "-1"], "temperature: "),
        (["--method", "dkdd"], "did you mean 'dkd'?"),
        (["--kd-teacher", "none.onnx"], "none.onnx: no such file"),
        (["--kd-distill-wt", "2"], "--kd-distill-wt: dkd has no soft_weight\n  its options: start_epoch"),
        (["--method", "mutual", "--kd-student-wt", "2"], "--kd-student-wt: mutual has no hard_weight"),
        (["--method", "soft-targets", "--kd-student-wt", "5"], "hard_weight is 5.0"),
        (["--method", "soft-targets", "--kd-student-wt", "0", "--kd-distill-wt", "0"], "all weights are 0"),
        (["--method", "soft-targets", "--kd-student-wt", "1"], "leaves the teachers of soft-targets no weight"),
        (["--method", "rkd", "--kd-temp", "2"], "--kd-temp: soft targets have no weight in rkd"),
        (["--kd-start-epoch", "2"], "start_epoch is 2, the last epoch is 1: the teachers never begin"),
        (["--kd-teacher", "weights.pt"], "weights.pt is no kind of file that can teach"),
        (["--kd-teacher", "mpl"], "did you mean 'mlp'?"),
        (["--method", "reconstruction"], 'set task = "anomaly"'),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_trained(
    options: list[str], message: str, distill: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        distill(*options)
    assert message in str(caught.value)
    assert not list(tmp_path.glob("run/distill/*.safetensors"))


def test_options_may_say_no_more_than_the_recipe_may() -> None:
    recipe = load_recipe(RECIPES / "anomaly.toml")
    with pytest.raises(InputError, match=r"distill\.temperature does not go with task"):
        with_distill(recipe, temperature=3.0)
