from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekd.compiler.graph import Quantization, Tensor
from edgekd.errors import InputError
from edgekd.evaluate.samples import noise, one_sample, read_test_set


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
        ({"x_test": X, "y_test": Y - 1}, r"y_test\[0\] is -1"),
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


INPUT = Tensor(0, "x", (1, 2, 3), "int8", Quantization(np.array([0.5], np.float32), np.array([1])))


def test_one_sample_is_of_a_file_or_noise(tmp_path: Path) -> None:
    x = np.arange(24, dtype=np.int8).reshape(4, 2, 3)
    np.savez(tmp_path / "x.npz", x_test=x)
    np.save(tmp_path / "many.npy", x)
    np.save(tmp_path / "one.npy", np.full((2, 3), 2.0, np.float32))
    for name in ("x.npz", "many.npy"):
        (sample,) = one_sample([INPUT], tmp_path / name, 2)
        assert sample.shape == (1, 2, 3) and np.array_equal(sample[0], x[2])
    (sample,) = one_sample([INPUT], tmp_path / "one.npy", 0)
    assert sample.shape == (1, 2, 3) and (sample == 5).all()  # 2.0 in steps of 0.5 around 1
    assert np.array_equal(one_sample([INPUT, INPUT], None, 1)[1], noise([INPUT, INPUT], 2)[1][1])


def test_what_is_no_sample_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((4, 2, 3), np.int8))
    np.save(tmp_path / "words.npy", np.array(["a"]))
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object))
    (tmp_path / "bad.npy").write_bytes(b"no array")
    (tmp_path / "short.npy").write_bytes((tmp_path / "x.npy").read_bytes()[:-1])
    for name, index, says in (
        ("x.npy", 4, "has 4 samples, none with index 4"),
        ("words.npy", 0, "holds no array of numbers"),
        ("objects.npy", 0, "not an .npy file, or damaged"),
        ("bad.npy", 0, "not an .npy file, or damaged"),
        ("short.npy", 0, "not an .npy file, or damaged"),
        ("none.npy", 0, "No such file"),
    ):
        with pytest.raises(InputError, match=says):
            one_sample([INPUT], tmp_path / name, index)
    with pytest.raises(InputError, match="the model has 2"):
        one_sample([INPUT, INPUT], tmp_path / "x.npy", 0)
