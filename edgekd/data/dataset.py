"""What every source returns: arrays for training, validation and test, checked once, here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekd.errors import InputError

Samples = NDArray[Any]
Labels = NDArray[np.int64]
_PARTS = ("train", "val", "test")
_MOST_CLASSES = 2**31  # a label beyond is damage


@dataclass(frozen=True)
class Dataset:
    """Samples and labels of one task.

    x_*: float32 in the model's units, or int8 already quantized for a converted model; (samples, …, channels), the
    channels last, for example (samples, height, width, channels). y_*: int64 class indices from 0, (samples,).
    class_names: one a class, in the order of the indices.
    input_scale: set where a board makes the samples itself, as int8 steps of this size: every value of x_* is
    input_scale times -128 to 127, and the converted model's input takes exactly these steps.
    clip_windows: so many consecutive samples are of one clip and are judged together, by the mean of what is said of
    each; 1 where samples stand alone.
    The test set is for the last line of a result: nothing is chosen by it.
    Raises InputError when shapes or types disagree, a label is out of range or a sample is not a finite number.
    """

    name: str
    x_train: Samples
    y_train: Labels
    x_val: Samples
    y_val: Labels
    x_test: Samples
    y_test: Labels
    class_names: tuple[str, ...]
    input_scale: float | None = None
    clip_windows: int = 1

    def __post_init__(self) -> None:
        for part in _PARTS:
            self._check_part(part)
        if len(self.class_names) < 2:
            raise InputError(f"{self.name}: {len(self.class_names)} class: a classifier needs two or more")
        if len(set(self.class_names)) != len(self.class_names):
            raise InputError(f"{self.name}: two classes have the same name")

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one sample, channels last."""
        return tuple(self.x_train.shape[1:])

    @property
    def classes(self) -> int:
        return len(self.class_names)

    def test_clips(self) -> tuple[Samples, Labels]:
        """The test set by clip: (clips, clip_windows, …) and (clips,). Raises InputError when clips are not whole."""
        x, y, windows = self.x_test, self.y_test, self.clip_windows
        if len(x) % windows or (y.reshape(-1, windows) != y[::windows, np.newaxis]).any():
            raise InputError(f"{self.name}: the test set is not made of clips of {windows} samples with one label")
        return x.reshape(-1, windows, *x.shape[1:]), y[::windows]

    def _check_part(self, part: str) -> None:
        x, y = getattr(self, f"x_{part}"), getattr(self, f"y_{part}")
        where = f"{self.name}: x_{part}"
        check_samples(where, x)
        check_labels(f"{self.name}: y_{part}", y, self.classes)
        if len(x) != len(y):
            raise InputError(f"{where} has {len(x)} samples and y_{part} {len(y)} labels")
        if x.shape[1:] != self.x_train.shape[1:] or x.dtype != self.x_train.dtype:
            raise InputError(
                f"{where} is {x.dtype} {list(x.shape[1:])}, x_train is "
                f"{self.x_train.dtype} {list(self.x_train.shape[1:])}",
                "all parts need the same shape and type",
            )
        if self.input_scale is not None:
            _check_steps(where, x, self.input_scale)


def _check_steps(where: str, x: Samples, scale: float) -> None:
    steps = x / np.float32(scale)
    if x.dtype != np.float32 or not (steps == np.rint(steps)).all() or steps.min() < -128 or steps.max() > 127:
        raise InputError(f"{where} is not made of -128 to 127 steps of input_scale, {scale:g}")


def check_samples(where: str, x: Samples) -> None:
    """Raise InputError, beginning with `where`, unless `x` can be the samples of a data set."""
    if x.dtype not in (np.float32, np.int8):
        raise InputError(
            f"{where} is {x.dtype}",
            "float32 in the model's units, for example x.astype(np.float32) / 255, or int8 already quantized",
        )
    if not 2 <= x.ndim <= 4:
        raise InputError(
            f"{where} has {x.ndim} axes",
            "batch first and channels last: (samples, features), (samples, steps, channels) "
            "or (samples, height, width, channels)",
        )
    if x.size == 0:
        raise InputError(f"{where} is empty: {list(x.shape)}")
    if x.dtype == np.float32:
        finite = np.isfinite(x).reshape(len(x), -1).all(axis=1)
        if not finite.all():
            raise InputError(f"{where}[{int(np.argmin(finite))}] holds NaN or infinity", "remove or repair the sample")


def check_labels(where: str, y: NDArray[Any], classes: int | None) -> None:
    """Raise InputError, beginning with `where`, unless `y` holds indices of `classes` classes, None for any number."""
    if y.ndim != 1 or not np.issubdtype(y.dtype, np.integer):
        raise InputError(f"{where} is {y.dtype} {list(y.shape)}", "class indices: one integer a sample, (samples,)")
    end = _MOST_CLASSES if classes is None else classes
    if y.size and (int(y.min()) < 0 or int(y.max()) >= end):
        wrong = int(np.argmax((y < 0) | (y >= end)))
        there = "" if classes is None else f", and there are {classes} classes"
        hint = "class indices begin at 0" if classes is None else f"labels are 0 to {classes - 1}"
        raise InputError(f"{where}[{wrong}] is {int(y[wrong])}{there}", hint)


def carve(name: str, x: Samples, y: Labels, count: int, seed: int) -> tuple[Samples, Labels, Samples, Labels]:
    """Take `count` samples, chosen by `seed`, out of (x, y): (x of the rest, y of the rest, x taken, y taken).

    Both keep the order they had. Raises InputError when too few samples would be left.
    """
    if not 0 < count < len(x):
        raise InputError(
            f"{name}: {count} validation samples cannot be carved from {len(x)} training samples",
            f"data.validation: 1 to {len(x) - 1}; a tenth would be {max(1, len(x) // 10)}",
        )
    taken = np.zeros(len(x), dtype=bool)
    taken[np.random.default_rng(seed).permutation(len(x))[:count]] = True
    return x[~taken], y[~taken], x[taken], y[taken]
