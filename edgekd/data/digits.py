"""scikit-learn's digits: 1,797 handwritten digits of 8×8 (UCI, Alpaydin & Kaynak 1998); comes with the package."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgekd.data.dataset import Dataset, carve
from edgekd.errors import InputError, ToolError

_TEST_SAMPLES = 360
_TEST_SEED = 0  # fixed: results of different seeds are of the same test images


def files(path: Path | None) -> list[Path]:
    """No files: the images are part of scikit-learn."""
    if path is not None:
        raise InputError("the data source digits has no path: it comes with scikit-learn", "remove data.path")
    return []


def load(path: Path | None, *, validation: int, seed: int) -> Dataset:
    """digits as (samples, 8, 8, 1), 0 white to 1 black; 360 test images, the validation set carved from the rest."""
    files(path)
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ToolError("the data source digits needs scikit-learn", "pip install 'edgekd[train]'") from None
    bunch = load_digits()
    x = (bunch.images[..., np.newaxis] / 16).astype(np.float32)
    y = bunch.target.astype(np.int64)
    x, y, x_test, y_test = carve("digits", x, y, _TEST_SAMPLES, _TEST_SEED)
    names = tuple(str(digit) for digit in range(10))
    return Dataset("digits", *carve("digits", x, y, validation, seed), x_test, y_test, names)
