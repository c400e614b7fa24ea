"""Data sets: what is refused, and what every source promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from needs import import_needed

from edgekd import data
from edgekd.data.dataset import Dataset, carve
from edgekd.errors import InputError


def parts(**changes: Any) -> dict[str, Any]:
    """A small, good data set, with changes."""
    x = np.linspace(0, 1, 6 * 4, dtype=np.float32).reshape(6, 2, 2, 1)
    y = np.array([0, 1, 0, 1, 0, 1])
    whole = {f"{kind}_{part}": value for part in ("train", "val", "test") for kind, value in (("x", x), ("y", y))}
    return {"name": "small", **whole, "class_names": ("a", "b"), **changes}


def test_a_good_data_set_says_its_shape_and_classes() -> None:
    dataset = Dataset(**parts())
    assert dataset.sample_shape == (2, 2, 1)
    assert dataset.classes == 2


with_nan = np.zeros((6, 2, 2, 1), np.float32)
with_nan[4, 1, 0, 0] = np.nan


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_train": with_nan}, r"x_train\[4\] holds NaN"),
        ({"x_val": np.zeros((6, 2, 2, 1))}, "x_val is float64"),
        ({"x_val": np.zeros((6, 2, 3, 1), np.float32)}, "x_val is float32 .2, 3, 1., x_train is"),
        ({"x_test": np.zeros((5, 2, 2, 1), np.float32)}, "x_test has 5 samples and y_test 6 labels"),
        ({"x_test": np.zeros((6,), np.float32)}, "x_test has 1 axes"),
        ({"x_train": np.zeros((0, 2, 2, 1), np.float32)}, "x_train is empty"),
        ({"y_test": np.array([0, 1, 2, 0, 1, 0])}, r"y_test\[2\] is 2, and there are 2 classes"),
        ({"y_train": np.array([0, 1, 0, -1, 1, 0])}, r"y_train\[3\] is -1"),
        ({"y_val": np.zeros(6)}, "y_val is float64"),
        ({"y_val": np.zeros((6, 2), np.int64)}, "y_val is int64 .6, 2."),
        ({"class_names": ("a",)}, "needs two or more|is 1, and there are 1 classes"),
        ({"class_names": ("a", "a")}, "same name"),
    ],
)
def test_a_bad_data_set_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Dataset(**parts(**changes))


def test_carving_is_a_partition_fixed_by_the_seed() -> None:
    x, y = np.arange(100)[:, None].astype(np.float32), np.arange(100)
    rest_x, rest_y, taken_x, taken_y = carve("all", x, y, 30, seed=5)
    assert sorted([*rest_y, *taken_y]) == list(range(100))
    assert len(taken_y) == 30
    np.testing.assert_array_equal(taken_x[:, 0], taken_y)
    np.testing.assert_array_equal(rest_x[:, 0], rest_y)
    np.testing.assert_array_equal(carve("all", x, y, 30, seed=5)[3], taken_y)
    assert not np.array_equal(carve("all", x, y, 30, seed=6)[3], taken_y)


@pytest.mark.parametrize("count", [0, 100, 5000])
def test_carving_everything_or_nothing_is_refused(count: int) -> None:
    x, y = np.zeros((100, 1), np.float32), np.zeros(100, np.int64)
    with pytest.raises(InputError, match="a tenth would be 10"):
        carve("all", x, y, count, seed=0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: data.load("fashon-mnist"), "did you mean 'fashion-mnist'"),
        (lambda: data.load("digits", size=8), "no option 'size'"),
        (lambda: data.load("digits", path=Path("x")), "digits has no path"),
        (lambda: data.load("npz"), "needs a file"),
        (lambda: data.load("npz", path=Path("/nowhere.npz")), "no such file"),
        (lambda: data.load("image-folder"), "needs a folder"),
        (lambda: data.load("image-folder", path=Path("/nowhere")), "no such folder"),
        (lambda: data.files_of("fashion-mnist", Path("/nowhere")), "apt-get install dataset-fashion-mnist"),
    ],
)
def test_a_wrong_request_says_what_would_be_right(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()


def test_digits_keep_their_test_images_whatever_the_seed() -> None:
    import_needed("sklearn")
    first, second = (data.load("digits", validation=200, seed=seed) for seed in (0, 1))
    assert first.x_train.shape == (1237, 8, 8, 1)
    assert (first.x_train.min(), first.x_train.max()) == (0.0, 1.0)
    np.testing.assert_array_equal(first.x_test, second.x_test)
    assert not np.array_equal(first.y_val, second.y_val)
    assert data.files_of("digits", None) == []


def test_samples_that_a_board_makes_are_whole_steps() -> None:
    x = np.array([[-1.0, 0.5], [0.25, 127 / 128]], np.float32)
    y = np.array([0, 1])
    Dataset("d", x, y, x, y, x, y, ("a", "b"), input_scale=1 / 128)
    for wrong in (x + np.float32(0.001), x + np.float32(1 / 128)):
        with pytest.raises(InputError, match="x_test is not made of -128 to 127 steps of input_scale"):
            Dataset("d", x, y, x, y, wrong, y, ("a", "b"), input_scale=1 / 128)
