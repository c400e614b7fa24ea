"""A folder of images, one sub-folder a class: FOLDER/CLASS/*.png, or FOLDER/{train,val,test}/CLASS/*.png."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgekd.data.dataset import Dataset, Labels, carve
from edgekd.errors import InputError, ToolError

if TYPE_CHECKING:
    from PIL.Image import Image

_SUFFIXES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".bmp": "BMP", ".pgm": "PPM", ".ppm": "PPM"}
_MODES = {"1", "L", "LA", "P", "RGB", "RGBA"}  # 8 bits a channel or fewer: Pillow's conversions are exact or usual
_PARTS = ("train", "val", "test")
_MOST_BYTES = 8 << 30


def files(path: Path | None) -> list[Path]:
    """All images below the folder, sorted."""
    folder = _folder(path)
    roots = [folder / part for part in _PARTS if (folder / part).is_dir()] if _is_split(folder) else [folder]
    return [image for root in roots for name in _classes(root) for image in _images(root / name)]


def load(
    path: Path | None,
    *,
    validation: int,
    seed: int,
    size: int | Sequence[int] | None = None,
    color: str = "gray",
    test_fraction: float = 0.2,
) -> Dataset:
    """The images as (samples, height, width, 1 or 3), 0 black to 1 white; transparency is dropped.

    size: pixels of a side, or [height, width], to resize to; without it all images must have the same size. color:
    "gray" or "rgb". test_fraction: share of all images that becomes the test set, chosen by seed, when the folder has
    no train and test folders. validation: images carved from training where there is no val folder.
    Raises InputError for a folder without images, a file that is no image, and images of different sizes.
    """
    folder = _folder(path)
    wanted = _check_size(size)
    if color not in ("gray", "rgb"):
        raise InputError(f"image-folder: color is {color!r}", 'color = "gray" or "rgb"')
    mode = "L" if color == "gray" else "RGB"
    if not _is_split(folder):
        if not 0.0 < test_fraction < 1.0:
            raise InputError(f"image-folder: test_fraction is {test_fraction}", "a share between 0 and 1")
        names = _classes(folder)
        x, y = _read(folder, names, wanted, mode)
        count = max(1, round(test_fraction * len(x)))
        # Another stream than the validation split's, so that the two choices are independent.
        x, y, x_test, y_test = carve(str(folder), x, y, count, seed + 2**31)
    else:
        names = _classes(folder / "train")
        x, y = _read(folder / "train", names, wanted, mode)
        x_test, y_test = _read(folder / "test", names, wanted, mode)
    if (folder / "val").is_dir() and _is_split(folder):
        rest = (x, y, *_read(folder / "val", names, wanted, mode))
    else:
        rest = carve(str(folder), x, y, validation, seed)
    return Dataset(folder.name, *rest, x_test, y_test, names)


def _folder(path: Path | None) -> Path:
    if path is None:
        raise InputError("the data source image-folder needs a folder", 'set data.path = "FOLDER"')
    if not path.is_dir():
        raise InputError(f"{path}: no such folder", "data.path is relative to the recipe")
    return path


def _is_split(folder: Path) -> bool:
    """Whether the folder has its own training and test sets."""
    found = [part for part in _PARTS if (folder / part).is_dir()]
    if found and not {"train", "test"} <= set(found):
        missing = "test" if "train" in found else "train"
        raise InputError(f"{folder} has {' and '.join(found)}, but no {missing} folder", "train and test, or neither")
    return bool(found)


def _check_size(size: int | Sequence[int] | None) -> tuple[int, int] | None:
    if size is None:
        return None
    sides = [size, size] if isinstance(size, int) else list(size)
    if len(sides) != 2 or not all(isinstance(side, int) and 0 < side <= 4096 for side in sides):
        raise InputError(f"image-folder: size is {size!r}", "size = 96 or size = [height, width], up to 4096")
    return sides[0], sides[1]


def _classes(root: Path) -> tuple[str, ...]:
    names = tuple(sorted(entry.name for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith(".")))
    if not names:
        raise InputError(f"{root}: no class folders", "one sub-folder a class: FOLDER/CLASS/image.png")
    return names


def _images(folder: Path) -> list[Path]:
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    for entry in entries:
        if entry.suffix.lower() not in _SUFFIXES or not entry.is_file():
            raise InputError(f"{entry} is not an image", "a class folder holds only " + ", ".join(_SUFFIXES))
    if not entries:
        raise InputError(f"{folder}: no images")
    return entries


def _read(
    root: Path, names: tuple[str, ...], size: tuple[int, int] | None, mode: str
) -> tuple[NDArray[np.float32], Labels]:
    """The images below `root` and their class indices."""
    extra = set(_classes(root)) - set(names)
    if extra:
        raise InputError(f"{root / min(extra)}: the training set has no such class", "classes: " + ", ".join(names))
    found = [
        (image, label) for label, name in enumerate(names) if (root / name).is_dir() for image in _images(root / name)
    ]
    first = _decode(found[0][0], size, mode)
    if first.size * 4 * len(found) > _MOST_BYTES:
        raise InputError(f"{root}: {len(found)} images of {first.shape[0]}×{first.shape[1]} are more than 8 GiB")
    x = np.empty((len(found), *first.shape), np.float32)
    for index, (image, _) in enumerate(found):
        pixels = _decode(image, size, mode)
        if pixels.shape != first.shape:
            raise InputError(
                f"{image} is {pixels.shape[0]}×{pixels.shape[1]}, {found[0][0]} {first.shape[0]}×{first.shape[1]}",
                "give the option size, for example size = 96",
            )
        x[index] = pixels / np.float32(255)
    return x, np.array([label for _, label in found], np.int64)


def _decode(path: Path, size: tuple[int, int] | None, mode: str) -> NDArray[np.uint8]:
    """One image as (height, width, channels)."""
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise ToolError("the data source image-folder needs Pillow", "pip install 'edgekd[train]'") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=[*dict.fromkeys(_SUFFIXES.values())]) as file:
                image: Image.Image = ImageOps.exif_transpose(file)
                return _pixels(image, path, size, mode)
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        Image.DecompressionBombWarning,
        Image.DecompressionBombError,
    ) as error:
        raise InputError(f"{path}: not an image that can be read: {error}") from None


def _pixels(image: Image, path: Path, size: tuple[int, int] | None, mode: str) -> NDArray[np.uint8]:
    if image.mode not in _MODES:
        raise InputError(f"{path}: pixels of the kind {image.mode}", "save it with 8 bits a channel, gray or RGB")
    converted = image.convert(mode)
    if size is not None and converted.size != (size[1], size[0]):
        from PIL.Image import Resampling

        converted = converted.resize((size[1], size[0]), Resampling.BILINEAR)
    pixels = np.asarray(converted, np.uint8)
    return pixels if pixels.ndim == 3 else pixels[..., np.newaxis]
