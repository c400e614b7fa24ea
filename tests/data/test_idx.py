"""IDX files: real ones are read, damaged and hostile ones refused without taking memory for what they claim."""

from __future__ import annotations

import contextlib
import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from needs import missing

from edgekd import data
from edgekd.data import fashion_mnist
from edgekd.data.idx import read_idx
from edgekd.errors import InputError

IMAGES = np.arange(3 * 2 * 2, dtype=np.uint8).reshape(3, 2, 2)


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.mark.parametrize("name", ["plain", "packed.gz"])
def test_a_file_is_read_compressed_or_not(tmp_path: Path, name: str) -> None:
    np.testing.assert_array_equal(read_idx(write(tmp_path / name, idx(IMAGES)), axes=3), IMAGES)


good = idx(IMAGES)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "ends in its header"),
        (good[:10], "ends in its header"),
        (good[:-1], "promises 12 elements, there are 11"),
        (good + b"\0", "promises 12 elements, more follow"),
        (b"\0\0\x0d" + good[3:], "not an IDX file of unsigned bytes"),
        (b"PK" + good[2:], "not an IDX file"),
        (struct.pack(">HBB3I", 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1), "elements"),
        (struct.pack(">HBB3I", 0, 8, 3, 0, 28, 28), "has 0 elements"),
        (idx(np.zeros(4, np.uint8)) + b"\0" * 16, "with 3 axes"),
    ],
)
@pytest.mark.parametrize("name", ["plain", "packed.gz"])
def test_a_damaged_file_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_idx(write(tmp_path / name, content), axes=3)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10_000), value=st.integers(0, 255), cut=st.integers(0, 60))
def test_a_damaged_gzip_file_is_read_or_refused_in_words(tmp_path: Path, place: int, value: int, cut: int) -> None:
    packed = bytearray(gzip.compress(good, mtime=0))
    packed[place % len(packed)] = value
    path = tmp_path / "x.gz"
    path.write_bytes(packed[: len(packed) - cut])
    with contextlib.suppress(InputError):  # any other exception, or another array, is a failure
        np.testing.assert_array_equal(read_idx(path, axes=3), IMAGES)


def test_a_folder_with_the_four_files_is_a_fashion_mnist(tmp_path: Path) -> None:
    for name, array in {
        "train-images-idx3-ubyte.gz": np.full((20, 28, 28), 255, np.uint8),
        "train-labels-idx1-ubyte.gz": np.arange(20, dtype=np.uint8) % 10,
        "t10k-images-idx3-ubyte": np.zeros((5, 28, 28), np.uint8),
        "t10k-labels-idx1-ubyte": np.arange(5, dtype=np.uint8),
    }.items():
        write(tmp_path / name, idx(array))
    dataset = data.load("fashion-mnist", path=tmp_path, validation=4)
    assert dataset.x_train.shape == (16, 28, 28, 1)
    assert dataset.x_train.dtype == np.float32
    assert float(dataset.x_train.max()) == 1.0
    assert dataset.y_test.tolist() == [0, 1, 2, 3, 4]
    assert [file.name for file in data.files_of("fashion-mnist", tmp_path)][2] == "t10k-images-idx3-ubyte"


def test_debians_fashion_mnist_is_whole() -> None:
    if not fashion_mnist.DEBIAN_FOLDER.is_dir():
        missing("Debian's package dataset-fashion-mnist")
    dataset = data.load("fashion-mnist")
    assert dataset.x_train.shape == (55_000, 28, 28, 1)
    assert dataset.x_val.shape == (5_000, 28, 28, 1)
    assert np.bincount(dataset.y_test).tolist() == [1000] * 10
    # Mean of the 60,000 training images as the authors publish it.
    mean = (dataset.x_train.sum(dtype=np.float64) + dataset.x_val.sum(dtype=np.float64)) / (60_000 * 784)
    assert mean == pytest.approx(0.2860, abs=1e-4)
