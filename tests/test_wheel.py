"""The wheel by itself, in an environment without torch: boards, compile, deploy and eval work from it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tflite_builder import ModelBuilder

ROOT = Path(__file__).resolve().parent.parent

pytestmark = [pytest.mark.slow, pytest.mark.emulated]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), str(ROOT)]
    subprocess.run(command, check=True)
    return next(out.glob("edgekd-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that holds the wheel and what it depends on, and nothing else."""
    environment = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    constraints = ROOT / "scripts" / "requirements.lock"
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "--constraint", str(constraints)]
    subprocess.run([*pip, str(wheel)], check=True)
    return environment / "bin"


def run(installed: Path, cwd: Path, *arguments: str) -> str:
    environment = {**os.environ, "EDGEKD_HOME": str(cwd / "home"), "HOME": str(cwd / "user")}
    result = subprocess.run(
        [str(installed / "edgekd"), *arguments], cwd=cwd, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def dense_model(path: Path) -> Path:
    """8 inputs, 3 outputs, one FULLY_CONNECTED."""
    random = np.random.default_rng(0)
    builder = ModelBuilder()
    x = builder.tensor((1, 8), scale=0.05)
    weights = builder.tensor((3, 8), scale=0.01, data=random.integers(-127, 128, (3, 8), np.int8))
    bias = builder.tensor((3,), "int32", scale=0.0005, data=random.integers(-500, 500, 3, np.int32))
    y = builder.tensor((1, 3), scale=0.1, zero_point=4)
    builder.operator("FULLY_CONNECTED", [x, weights, bias], [y])
    path.write_bytes(builder.build([x], [y]))
    return path


def test_the_wheel_holds_boards_and_firmware(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("boards", "firmware"):
        for file in (ROOT / folder).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                assert f"edgekd/_data/{file.relative_to(ROOT)}" in names
    assert not [name for name in names if name.startswith("tests/")]


def test_it_lists_compiles_deploys_and_evaluates_without_torch(installed: Path, tmp_path: Path) -> None:
    python = str(installed / "python")
    assert subprocess.run([python, "-c", "import torch"], capture_output=True).returncode != 0
    assert "fashion_mnist" in run(installed, tmp_path, "run", "--help")  # a recipe that ships
    assert "mps2-an386" in {board["name"] for board in json.loads(run(installed, tmp_path, "boards", "--json"))}

    model = dense_model(tmp_path / "dense.tflite")
    run(installed, tmp_path, "compile", str(model), "--target", "cortex-m4", "--out", "generated")
    assert (tmp_path / "generated" / "dense.h").is_file()
    run(installed, tmp_path, "deploy", str(model), "--board", "mps2-an386", "--out", "project")
    assert (tmp_path / "project" / "platformio.ini").is_file()

    x = np.random.default_rng(1).integers(-128, 128, (20, 8), np.int8)
    np.savez(tmp_path / "test.npz", x_test=x, y_test=np.zeros(20, np.int64))
    answer = json.loads(
        run(installed, tmp_path, "eval", str(model), "--board", "mps2-an386", "--data", "test.npz", "--json")
    )
    assert answer["samples"] == 20
    assert answer["bit_exact"]["equal"] == answer["bit_exact"]["of"] == 20
    assert not (tmp_path / "user" / ".platformio").exists()
