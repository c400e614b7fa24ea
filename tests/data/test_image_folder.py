"""Folders of images: split or not, gray or colour, and what is not an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from needs import import_needed

from edgekd import data
from edgekd.errors import InputError

Image = import_needed("PIL.Image")


def picture(path: Path, value: int | tuple[int, int, int], size: tuple[int, int] = (6, 4), mode: str = "L") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(path)


@pytest.fixture
def split(tmp_path: Path) -> Path:
    """Two classes, dark and light, four images each in train, val and test."""
    for part in ("train", "val", "test"):
        for index in range(4):
            picture(tmp_path / part / "dark" / f"{index}.png", index)
            picture(tmp_path / part / "light" / f"{index}.png", 255 - index)
    return tmp_path


def test_a_folder_with_its_own_split(split: Path) -> None:
    dataset = data.load("image-folder", path=split)
    assert dataset.class_names == ("dark", "light")
    assert dataset.x_train.shape == (8, 4, 6, 1)
    assert dataset.y_test.tolist() == [0] * 4 + [1] * 4
    assert dataset.x_train[5, 0, 0, 0] == np.float32(254) / np.float32(255)
    assert len(data.files_of("image-folder", split)) == 24


def test_a_folder_without_one_is_split_by_seed(split: Path) -> None:
    folder = split / "train"
    dataset = data.load("image-folder", path=folder, validation=2, test_fraction=0.25)
    assert (len(dataset.x_train), len(dataset.x_val), len(dataset.x_test)) == (4, 2, 2)


def test_colour_and_size(tmp_path: Path) -> None:
    for index in range(3):
        picture(tmp_path / "a" / f"{index}.png", (255, 0, 0), mode="RGB")
        picture(tmp_path / "b" / f"{index}.jpg", (0, 0, 255), size=(20, 20), mode="RGB")
    dataset = data.load("image-folder", path=tmp_path, validation=1, color="rgb", size=8)
    assert dataset.sample_shape == (8, 8, 3)
    red = dataset.x_train[dataset.y_train == 0]
    np.testing.assert_array_equal(red, np.broadcast_to([1, 0, 0], red.shape))


def test_images_of_different_sizes_need_a_size(split: Path) -> None:
    picture(split / "train" / "light" / "big.png", 200, size=(9, 9))
    with pytest.raises(InputError, match=r"is 9×9, .* 4×6"):
        data.load("image-folder", path=split)


def test_a_sixteen_bit_image_is_refused_and_not_clipped(split: Path) -> None:
    Image.new("I;16", (6, 4), 40_000).save(split / "train" / "light" / "deep.png")
    with pytest.raises(InputError, match="8 bits a channel"):
        data.load("image-folder", path=split)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\0" * 100])
def test_a_file_that_is_no_image_is_named(split: Path, content: bytes) -> None:
    (split / "train" / "dark" / "broken.png").write_bytes(content)
    with pytest.raises(InputError, match=r"broken.png: not an image"):
        data.load("image-folder", path=split)


def test_a_truncated_image_is_named(split: Path) -> None:
    file = split / "train" / "dark" / "0.png"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"0.png"):
        data.load("image-folder", path=split)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "train" / "dark" / "notes.txt").write_text("x"), "notes.txt is not an image"),
        (lambda folder: picture(folder / "test" / "odd" / "0.png", 1), "no such class"),
        (lambda folder: (folder / "test").rename(folder / "tset"), "no test folder"),
        (lambda folder: (folder / "train" / "empty").mkdir(), "no images"),
    ],
)
def test_a_folder_that_is_not_in_order_is_refused(split: Path, damage: object, message: str) -> None:
    damage(split)  # type: ignore[operator]
    with pytest.raises(InputError, match=message):
        data.load("image-folder", path=split)


@pytest.mark.parametrize("options", [{"size": 0}, {"size": [1, 2, 3]}, {"color": "blue"}, {"test_fraction": 1.0}])
def test_wrong_options_are_refused(split: Path, options: dict[str, object]) -> None:
    with pytest.raises(InputError, match="image-folder: "):
        data.load("image-folder", path=split / "train", validation=2, **options)
