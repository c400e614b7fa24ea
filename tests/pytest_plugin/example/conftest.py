"""An example of a test-suite on a board: the model under test, and samples for it.

    pytest tests/pytest_plugin/example                                     # an emulated Cortex-M4
    pytest tests/pytest_plugin/example --edgekd-board qemu-riscv32
    pytest tests/pytest_plugin/example --edgekd-board mega2560
    pytest tests/pytest_plugin/example --edgekd-board netduinoplus2 --edgekd-port /dev/ttyUSB0      # a real board
    pytest tests/pytest_plugin/example --edgekd-farm farm.toml -n 4        # four boards of a farm at once

digits.tflite is the student of `edgekd run edgekd/recipes/digits.toml`; digits.npz holds the first 100 images of that
recipe's test set.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def edgekd_model() -> Path:
    """What the `device` fixture puts on the board."""
    return HERE / "digits.tflite"


@pytest.fixture(scope="session")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """100 images (8, 8, 1), 0.0 to 1.0, and what they show."""
    with np.load(HERE / "digits.npz") as data:
        return data["x_test"], data["y_test"]
