"""The example of the README is short, and it is run as it stands there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).resolve().parent.parent / "README.md"


@pytest.mark.torch
def test_training_and_distillation_take_fewer_than_ten_lines(tmp_path: Path) -> None:
    blocks = README.read_text().split("```python\n")[1:]
    example = next(code for code in (block.split("```")[0] for block in blocks) if "edgekd.distill(" in code)
    assert example.startswith("import edgekd\n")
    assert len([line for line in example.splitlines() if line.strip()]) < 10

    code = example + "\nassert result.metrics['val_accuracy'] > 85 and 'control_val_accuracy' in result.metrics"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)

    assert run.returncode == 0, run.stderr
    assert "'teacher_val_accuracy'" in run.stdout
