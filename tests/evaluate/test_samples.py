from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekd.compiler.graph import Tensor
from edgekd.errors import InputError
from edgekd.evaluate.samples import noise, read_test_set


def test_noise_is_the_same_every_time_and_covers_the_type() -> None:
    tensors = [Tensor(0, "a", (1, 50, 50, 1), "int8"), Tensor(1, "b", (1, 3), "float32")]
    first, again = noise(tensors, 3), noise(tensors, 3)
    assert len(first) == 3
    for ours, theirs in zip(first, again, strict=True):
        assert [array.shape for array in ours] == [(1, 50, 50, 1), (1, 3)]
        assert [array.dtype for array in ours] == [np.int8, np.float32]
        assert all(a.tobytes() == b.tobytes() for a, b in zip(ours, theirs, strict=True))
        assert (ours[0].min(), ours[0].max()) == (-128, 127)
    assert first[0][0].tobytes() != first[1][0].tobytes()


def test_the_first_samples_of_a_file_are_read(tmp_path: Path) -> None:
    x, y = np.arange(24, dtype=np.int8).reshape(4, 3, 2, 1), np.array([0, 1, 0, 1], np.uint8)
    np.savez(tmp_path / "data.npz", x_test=x, y_test=y)
    got_x, got_y = read_test_set(tmp_path / "data.npz", 3)
    assert np.array_equal(got_x, x[:3]) and np.array_equal(got_y, y[:3])
    assert got_y.dtype == np.int64
    assert len(read_test_set(tmp_path / "data.npz", None)[0]) == 4


X, Y = np.zeros((4, 2, 2, 1), np.float32), np.zeros(4, np.int64)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"x_test": X}, "y_test"),
        ({"y_test": Y}, "x_test"),
        ({"x_test": X, "y_test": Y[:3]}, "4 samples and y_test 3 labels"),
        ({"x_test": X, "y_test": Y - 1}, "label"),
        ({"x_test": np.full_like(X, np.inf), "y_test": Y}, "x_test"),
        ({"x_test": X.astype(np.complex64), "y_test": Y}, "x_test"),
        ({"x_test": X, "y_test": Y.astype(np.float32) + 0.5}, "y_test"),
        ({"x_test": np.array([{}], dtype=object), "y_test": Y}, "x_test|data.npz"),
    ],
)
def test_a_file_that_cannot_be_a_test_set_is_refused(tmp_path: Path, arrays: dict[str, Any], says: str) -> None:
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(InputError, match=says):
        read_test_set(tmp_path / "data.npz", None)


def test_more_samples_than_there_are_is_an_error_and_not_fewer(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x_test=X, y_test=Y)
    with pytest.raises(InputError, match=r"has 4 test samples, 5 were asked for"):
        read_test_set(tmp_path / "data.npz", 5)


def test_a_file_that_is_no_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "data.npz").write_bytes(b"not a zip")
    with pytest.raises(InputError, match=r"data\.npz"):
        read_test_set(tmp_path / "data.npz", None)
    with pytest.raises(InputError, match="no such file"):
        read_test_set(tmp_path / "none.npz", None)
