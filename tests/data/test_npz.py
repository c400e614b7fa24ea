""".npz files: nothing is unpickled, nothing is believed before it is checked."""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgekd import data
from edgekd.data.npz import read_npz
from edgekd.errors import InputError

X = np.linspace(0, 1, 10 * 3, dtype=np.float32).reshape(10, 3)
Y = np.arange(10) % 2


def arrays(**changes: Any) -> dict[str, Any]:
    whole = {"x_train": X, "y_train": Y, "x_val": X, "y_val": Y, "x_test": X, "y_test": Y}
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def saved(path: Path, **changes: Any) -> Path:
    file = path / "data.npz"
    np.savez(file, **arrays(**changes))
    return file


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def test_all_six_arrays_are_read(tmp_path: Path) -> None:
    dataset = data.load("npz", path=saved(tmp_path))
    np.testing.assert_array_equal(dataset.x_train, X)
    assert dataset.class_names == ("0", "1")
    assert dataset.y_val.dtype == np.int64


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("compress", [False, True])
def test_every_way_numpy_saves_is_read(tmp_path: Path, order: Any, compress: bool) -> None:
    x = np.asarray(np.arange(48, dtype=">f4").reshape(4, 3, 4), order=order)
    file = tmp_path / "data.npz"
    (np.savez_compressed if compress else np.savez)(file, x=x)
    read = read_npz(file, required=("x",))["x"]
    np.testing.assert_array_equal(read, x)
    assert read.dtype == np.float32


def test_without_a_validation_set_one_is_carved(tmp_path: Path) -> None:
    dataset = data.load("npz", path=saved(tmp_path, x_val=None, y_val=None), validation=3)
    assert (len(dataset.x_train), len(dataset.x_val)) == (7, 3)


def test_a_sample_is_named_by_its_place_in_the_file(tmp_path: Path) -> None:
    x = X.copy()
    x[8, 1] = np.nan
    file = saved(tmp_path, x_train=x, x_val=None, y_val=None)
    with pytest.raises(InputError, match=r"/data\.npz: x_train\[8\] holds NaN"):  # samples for validation count, too
        data.load("npz", path=file, validation=5)


def test_classes_may_have_names_and_more_of_them_than_were_trained(tmp_path: Path) -> None:
    file = saved(tmp_path, y_train=0 * Y, y_val=0 * Y)
    assert data.load("npz", path=file, class_names=["normal", "anomaly"]).class_names == ("normal", "anomaly")
    with pytest.raises(InputError, match=r"y_test\[1\] is 1, and there are 1 classes"):
        data.load("npz", path=file)
    with pytest.raises(InputError, match=r"y_test\[1\] is 1, and there are 1 classes"):
        data.load("npz", path=file, class_names=["normal"])


def test_int8_samples_stay_int8(tmp_path: Path) -> None:
    x = np.arange(30, dtype=np.int8).reshape(10, 3)
    assert data.load("npz", path=saved(tmp_path, x_train=x, x_val=x, x_test=x)).x_test.dtype == np.int8


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_test": None}, "y_test missing"),
        ({"y_val": None}, "one of x_val and y_val"),
        ({"x_train": X.astype(np.float64)}, r"astype\(np.float32\)"),
        ({"x_train": np.array([{}] * 10)}, "holds object, not plain numbers"),
        ({"x_train": np.array(["a"] * 10)}, "not plain numbers"),
        ({"y_train": np.array([0, -1] * 5)}, r"data\.npz: y_train\[1\] is -1\n  class indices begin at 0"),
        ({"y_train": Y.astype(np.float32)}, "y_train is float32"),
        ({"y_train": np.array([0, 2**40] * 5)}, "y_train"),
        ({"y_train": np.array([0, 2**20] * 5)}, "class indices begin at 0"),
        ({"y_train": Y[:9]}, "10 samples and y_train 9 labels"),
        ({"y_test": Y + 1}, r"/data\.npz: y_test\[1\] is 2, and there are 2 classes"),
        ({"x_train": X[:0], "y_train": Y[:0]}, r"/data\.npz: x_train is empty"),
        ({"x_val": X[:, :2]}, "all parts need the same shape"),
        ({"x_test": np.full_like(X, np.inf)}, "NaN or infinity"),
    ],
)
def test_wrong_arrays_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        data.load("npz", path=saved(tmp_path, **changes))


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (b"", "damaged"),
        (b"\x93NUMPY", "damaged"),
        (npy(X)[:-1], "its header promises"),
        (npy(X) + b"\0", "its header promises"),
        (npy(X).replace(b"(10, 3), }", b"(9999999999999, 9), }"), "damaged|bytes"),
        (npy(X).replace(b"(10, 3)", b"(-1, 3)"), "shape|promises|damaged"),
        (npy(X).replace(b"'<f4'", b"'|O' "), "not plain numbers"),
        (npy(X).replace(b"(10, 3)", b"__imp__"), "damaged"),
        (npy(X).replace(b"\x01\x00", b"\x07\x00", 1), "damaged|format 7.0"),
    ],
)
def test_a_member_that_lies_is_refused(tmp_path: Path, member: bytes, message: str) -> None:
    file = tmp_path / "data.npz"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", member)
    with pytest.raises(InputError, match=message):
        read_npz(file, required=("x",))


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"not a zip at all", b"\x80\x04N."])
def test_what_is_no_npz_file_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "data.npz"
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"not an \.npz file"):
        read_npz(file, required=("x",))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 100_000), value=st.integers(0, 255), cut=st.integers(0, 400))
def test_a_damaged_file_is_read_or_refused_in_words(tmp_path: Path, place: int, value: int, cut: int) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=X, y=Y)
    content = bytearray(buffer.getvalue())
    content[place % len(content)] = value
    file = tmp_path / "data.npz"
    file.write_bytes(content[: len(content) - cut if place % 3 == 0 else None])
    with contextlib.suppress(InputError):  # any other exception is a failure
        assert set(read_npz(file, required=("x", "y"))) == {"x", "y"}
