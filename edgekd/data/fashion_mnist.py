"""Fashion-MNIST (Xiao et al. 2017, arXiv:1708.07747): 60,000 and 10,000 grey images of 28×28, 10 kinds of clothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgekd.data.dataset import Dataset, carve
from edgekd.data.idx import read_idx
from edgekd.errors import InputError

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
CLASS_NAMES = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot")
_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def files(path: Path | None) -> list[Path]:
    """The four IDX files in the folder `path` (Debian's without one), compressed or not: images before labels."""
    folder = path or DEBIAN_FOLDER
    return [_find(folder, name) for name in _FILES]


def load(path: Path | None, *, validation: int, seed: int) -> Dataset:
    """Fashion-MNIST as (samples, 28, 28, 1), 0 black to 1 white; the validation set is carved from training."""
    train_images, train_labels, test_images, test_labels = files(path)
    x, y = _read(train_images, train_labels)
    x_test, y_test = _read(test_images, test_labels)
    return Dataset("fashion-mnist", *carve("fashion-mnist", x, y, validation, seed), x_test, y_test, CLASS_NAMES)


def _find(folder: Path, name: str) -> Path:
    for file in (folder / f"{name}.gz", folder / name):
        if file.is_file():
            return file
    raise InputError(
        f"Fashion-MNIST is not here: {folder / name}.gz is missing",
        "Debian and Ubuntu: apt-get install dataset-fashion-mnist",
        'or download the four files of github.com/zalandoresearch/fashion-mnist and set data.path = "FOLDER"',
    )


def _read(images: Path, labels: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    x, y = read_idx(images, axes=3), read_idx(labels, axes=1)
    if len(x) != len(y):
        raise InputError(f"{images} has {len(x)} images and {labels} {len(y)} labels")
    return x[..., np.newaxis].astype(np.float32) / np.float32(255), y.astype(np.int64)
