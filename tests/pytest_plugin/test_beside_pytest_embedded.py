"""One test that uses pytest-embedded's fixtures and edgekd's."""

from __future__ import annotations

import pytest
from needs import require_module

pytest_plugins = ["pytester"]

BOTH = """
import numpy as np, edgekd

def test_both(dut, device, redirect):
    zeros = np.zeros((8, 8, 3), np.int8)
    with redirect():
        print("class", device.infer(zeros).argmax())
    dut.expect(f"class {device.reference(zeros).argmax()}", timeout=10)
    assert device.infer(zeros) == edgekd.exactly(device.reference(zeros))

def test_the_device_alone(device): assert device.board.name == "mps2-an386"

def test_the_dut_alone(dut): assert dut is not None
"""


@pytest.mark.emulated
def test_one_suite_uses_both_plugins(project: pytest.Pytester) -> None:
    require_module("pytest_embedded")
    project._monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")  # with pytest-embedded
    project.makepyfile(BOTH)
    result = project.runpytest_subprocess("--edgekd-model", "model.tflite", "--root-logdir", str(project.path))
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["plugins:*edgekd*", "*3 passed*"], consecutive=False)
    assert "embedded" in result.stdout.str()
