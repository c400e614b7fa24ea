"""What a small installation says when it is asked for more than it has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RECIPE = """\
name = "r"
data = { source = "digits", validation = 200 }
teacher = { model = "mlp", epochs = 1 }
student = { model = "mlp", epochs = 1 }
"""


def without(package: str, code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python code where `package` is not installed."""
    hidden = f"import sys; sys.modules[{package!r}] = None; {code}"
    return subprocess.run([sys.executable, "-c", hidden], cwd=cwd, capture_output=True, text=True)


@pytest.mark.parametrize("package", ["torch", pytest.param("sklearn", marks=pytest.mark.torch)])
def test_a_recipe_names_the_extra_it_needs(package: str, tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(RECIPE)
    run = without(package, "sys.argv = ['edgekd', 'run', 'r.toml']; from edgekd.cli import main; main()", tmp_path)
    assert run.returncode == 2, run.stderr
    assert "pip install 'edgekd[train]'" in run.stderr
    assert "Traceback" not in run.stderr


def test_so_does_the_python_interface(tmp_path: Path) -> None:
    run = without("torch", "import edgekd; edgekd.train(None, None)", tmp_path)
    assert "ToolError: training needs torch" in run.stderr


@pytest.mark.torch
@pytest.mark.convert
@pytest.mark.parametrize("package", ["optuna", "tomli_w", "torch"])
def test_a_search_names_what_it_needs_before_anything(package: str, tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(RECIPE)
    run = without(package, "sys.argv = ['edgekd', 'search', 'r.toml']; from edgekd.cli import main; main()", tmp_path)
    assert run.returncode == 2, run.stderr
    assert f"needs {package}" in run.stderr and "pip install 'edgekd[train]'" in run.stderr
    assert "Traceback" not in run.stderr and not (tmp_path / "runs").exists()
